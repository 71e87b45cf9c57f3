// Words for what the service knows of itself: the ways to people, and what a browser lets through.
export const pulse = {
  zh: {
    states: { alive: "通", unproven: "未验证", failing: "不通", off: "未设置" },
    hints: { alive: "近期有消息发出或探测成功", unproven: "启动以来没有发出过消息，也未探测成功", failing: "消息发不出去", off: "有人的联系方式用它，这里没有设置" },
    failures: { auth: "鉴权失败", rate: "被限流", refused: "被拒收", unreachable: "连不上", no_answer: "无人接听" },
    proven: "上次验证",
  },
  en: {
    states: { alive: "alive", unproven: "unproven", failing: "failing", off: "not set up" },
    hints: { alive: "A message or a probe went through lately", unproven: "Nothing has gone through since the start", failing: "Messages do not go through", off: "Somebody's contact names it, and it is not set up here" },
    failures: { auth: "not accepted", rate: "throttled", refused: "refused", unreachable: "unreachable", no_answer: "no answer" },
    proven: "last proven",
  },
};
