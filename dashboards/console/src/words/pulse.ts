// Words for what the service knows of itself: the ways to people, and what a browser lets through.
export const pulse = {
  zh: {
    states: { alive: "通", unproven: "未验证", failing: "不通", off: "未设置" },
    hints: { alive: "近期有消息发出或探测成功", unproven: "启动以来没有发出过消息，也未探测成功", failing: "消息发不出去", off: "有人的联系方式用它，这里没有设置" },
    failures: { auth: "鉴权失败", rate: "被限流", refused: "被拒收", unreachable: "连不上", no_answer: "无人接听" },
    proven: "上次验证",
    pushOn: "接收推送", pushOff: "停止推送", pushFailed: "推送服务连不上（部分地区的手机用不了）",
    pushStates: { insecure: "当前是 HTTP 连接：值班、拍照都能用；改用 HTTPS 后还可以接收推送、扫码、装到桌面", none: "这个浏览器不支持推送；电话、短信等通知照常", denied: "推送被浏览器拒绝；可在浏览器的网站设置里打开", off: "有警情时另外推送到这台手机；只是附加提醒，不代替电话和短信", on: "有警情时会推送到这台手机；只是附加提醒，不代替电话和短信" },
  },
  en: {
    states: { alive: "alive", unproven: "unproven", failing: "failing", off: "not set up" },
    hints: { alive: "A message or a probe went through lately", unproven: "Nothing has gone through since the start", failing: "Messages do not go through", off: "Somebody's contact names it, and it is not set up here" },
    failures: { auth: "not accepted", rate: "throttled", refused: "refused", unreachable: "unreachable", no_answer: "no answer" },
    proven: "last proven",
    pushOn: "Push to this phone", pushOff: "Stop pushing", pushFailed: "The push service cannot be reached (some regions have none)",
    pushStates: { insecure: "This is plain HTTP: duty and photos work; HTTPS would add push, scanning and an icon on the home screen", none: "This browser has no push; calls and messages come as before", denied: "The browser refuses pushes; its site settings can allow them", off: "Alarms can be pushed to this phone as well: an extra, never in place of a call or a message", on: "Alarms are pushed to this phone as well: an extra, never in place of a call or a message" },
  },
};
