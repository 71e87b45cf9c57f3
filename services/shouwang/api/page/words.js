// Every word of the page in both languages. Chinese is the language of the people who sit here.
export const words = {
  zh: {
    brand: "守望", room: "控制室", signIn: "登录", token: "访问令牌", tokenHint: "由 shouwang token create 生成", demoSignIn: "演示登录", demo: "演示系统 · 人物、设备与报警均为模拟", signOut: "退出", wrongToken: "令牌无效、过期或已吊销",
    unreachable: "连不上服务", lost: "连接中断", picture: "画面停在", ago: "前", soundGate: "声音未启用，新报警不会响", enableSound: "点击启用声音", soundOn: "声音 开", soundOff: "声音 关", muted: "已消音", testTone: "试音",
    proven: "全链路", provenAgo: "前验证", notProven: "全链路 未验证", notReady: "服务未就绪", channels: { webhook: "推送", mqtt: "现场警号", console: "控制台" }, up: "通", down: "断", light: "浅色", dark: "深色",
    since: "已", opened: "报警", next: "下一步", inTime: "后告知", nowTell: "正在告知", noNext: "升级已到最后一级", told: "告知", nobodyTold: "还没有告知任何人", know: "现场须知", timeline: "每一秒", stack: "蔓延次序", legendHit: "报警", legendSilent: "失联（未知不等于安全）", legendOrder: "数字 = 先后",
    unless: { acknowledged: "除非接警", verified: "除非核警", verified_real: "除非核实为真", en_route: "除非出动", on_scene: "除非到场", resolved: "除非办结", confirmed: "除非双点报警" },
    calm: "现在没有警情", calmSub: "所有未办结的警情都会立刻出现在这里", devices: "设备", quiet: "失联设备", noQuiet: "没有失联的设备", recent: "最近办结", noRecent: "还没有办结的警情", quarantine: "未识别报文", discovered: "未登记设备", last24: "24 小时", heard: "末次收到", never: "从未收到", gaps: "值守缺口", gapKinds: { site_without_fallback: "全站无兜底人", zone_without_members: "责任区无人", zone_without_fallback: "责任区无兜底人", zone_overlap: "责任区重叠", place_without_zone: "不在任何责任区" }, picture2: "画面", live: "实时", alerts: "个告警",
    fleet: { alarm: "报警", silent: "失联", fault: "故障", warning: "预警", unheard: "待首次上报", off: "停用/调试", ok: "正常" },
    classes: { fire: "火警", gas: "燃气报警", co: "一氧化碳报警", emergency: "紧急呼叫", water: "漏水报警", supervisory: "监管", fault: "故障", warning: "预警" },
    double: "双点报警", drill: "演练", test: "测试", late: "迟到的消息", cleared: "报警已消失，仍待处置",
    stages: { told: "已告知", acknowledged: "接警", verified: "核警", en_route: "出动", on_scene: "到场", resolved: "办结" },
    acts: { acknowledge: "接警", verify: "核警：真实 / 误报 / 不明", "en-route": "出动", arrive: "到场", resolve: "办结", escalate: "立即上报", notes: "备注", mute: "消音", decline: "去不了" },
    done: { acknowledge: "已接警", verify: "已核警", "en-route": "已记出动", arrive: "已记到场", resolve: "已办结，已通知所有人", escalate: "已上报下一级", notes: "已记入", decline: "已记录" },
    findings: { real: "真实", false: "误报", unclear: "不明" }, hows: { on_scene: "现场查看", call_back: "电话回呼", camera: "视频复核", second_detector: "第二探测器" },
    outcomes: { real: "真警", false_alarm: "误报", test: "测试", drill: "演练", accidental: "误触", device_fault: "设备故障" },
    causes: { cooking: "烹饪油烟", steam: "水汽", dust: "灰尘施工", smoking: "吸烟", insects: "虫扰", other: "其他" },
    how: "怎么核实的", outcome: "结果", cause: "误报原因", note: "说明（可不填）", ok: "确定", cancel: "取消", reason: "说明原因",
    waiting: "待接警", month: "近 30 天", falseAlarms: "次误报", noFalse: "近 30 天此处没有误报", reasons: { severity: "等级上升", confirmed: "双点报警", floor: "蔓延到新楼层", dwelling: "蔓延到新住户", device: "新的设备", not_late: "不再是旧消息", not_a_test: "不再是测试" },
    shown: "已上屏", states: { queued: "待发", leased: "正在发", sent: "网关已收", delivered: "已送达", seen: "已看", answered: "已应答", unreachable: "联系不上", refused: "被拒收", cancelled: "已撤回" },
    notAnswered: "未应答", lateBy: "发出晚了", times: "次",
    posts: { desk_operator: "消控室值班员", shift_lead: "值班长", patrol: "秩序维护员", micro_fire_station: "微型消防站队员", engineer: "工程维修", maintenance_firm: "维保单位", property_manager: "物业经理", building_leader: "楼栋长", unit_leader: "单元长", party_member: "党员", branch_secretary: "小区党支部书记", committee_chair: "业委会主任", branch_observer: "支部观察员", neighbour_supervisor: "近邻监督员", grid_worker: "网格员", care_partner: "结对帮扶人", family: "家属", community_officer: "社区值班干部", sub_district_officer: "街道值班人员" },
    targets: { zone: "责任区成员", roster: "值班表", person: "", told: "已告知的人", holder: "处置人" }, zones: { property: "物业", grid: "网格", party: "党员" },
    why: { first: "首次告知", worse: "险情升级", next_step: "逐级上报", repeat: "再次触发", verified: "核实为真", stood_down: "警情解除", cleared: "报警消失", coverage_gap: "值守空缺", drill: "演练", test: "测试" },
    kinds: { "alert.raised": "报警", "alert.repeated": "再次触发", "alert.cleared": "报警消失", "alert.acknowledged": "确认告警", "alert.reset": "复位", "incident.opened": "开警情", "incident.joined": "并入", "incident.worse": "险情升级，再告知所有人", "incident.reopened": "重新打开", "incident.acknowledged": "接警", "incident.verified": "核警", "incident.declined": "去不了", "incident.en_route": "出动", "incident.on_scene": "到场", "incident.handed_over": "移交", "incident.escalated": "立即上报", "incident.noted": "备注", "incident.resolved": "办结", "incident.reviewed": "复核", "incident.closed": "归档", "notice.made": "通知", "notice.expanded": "派给", "escalation.stuck": "升级补看", "escalation.skipped": "跳过一步", "coverage.gap": "无人应答，值守缺口", "device.discovered": "发现未登记设备", "device.registered": "登记设备", "device.changed": "修改设备", "device.removed": "移除设备", "system.started": "服务启动", "delivery.sent": "网关已收", "delivery.delivered": "已送达", "delivery.seen": "已看", "delivery.answered": "已应答", "delivery.unreachable": "联系不上", "delivery.refused": "被拒收" },
    deviceKinds: { smoke: "烟感", heat: "温感", gas: "燃气探测器", co: "一氧化碳探测器", leak: "水浸", button: "紧急按钮", fall: "跌倒探测", motion: "人体感应", door: "门磁", climate: "温湿度", siren: "警号", panel: "消防主机", gateway: "网关", meter: "表计", valve: "阀门", other: "设备" },
    battery: "电量", link: "信号", unassigned: "未登记位置", system: "系统", you: "（我）", pressed: "已发出模拟报警", unit: { s: "秒", m: "分", h: "小时", d: "天" },
  },
  en: {
    brand: "Shouwang", room: "Control room", signIn: "Sign in", token: "Access token", tokenHint: "made by shouwang token create", demoSignIn: "Demo sign-in", demo: "Demonstration · people, devices and alarms are simulated", signOut: "Sign out", wrongToken: "This token is unknown, expired or revoked",
    unreachable: "The service does not answer", lost: "Connection lost", picture: "picture of", ago: "ago", soundGate: "Sound is off: a new alarm will be silent", enableSound: "Enable sound", soundOn: "Sound on", soundOff: "Sound off", muted: "Muted", testTone: "Test tone",
    proven: "Whole chain proven", provenAgo: "ago", notProven: "Chain not proven", notReady: "Service not ready", channels: { webhook: "Push", mqtt: "Sirens", console: "Console" }, up: "up", down: "down", light: "Light", dark: "Dark",
    since: "", opened: "raised", next: "Next in", inTime: "tells", nowTell: "Now telling", noNext: "Escalation has reached its last level", told: "Told", nobodyTold: "Nobody has been told yet", know: "To know", timeline: "Every second", stack: "order of spread", legendHit: "in alarm", legendSilent: "silent (unknown is not safe)", legendOrder: "number = order",
    unless: { acknowledged: "unless acknowledged", verified: "unless verified", verified_real: "unless verified real", en_route: "unless en route", on_scene: "unless on scene", resolved: "unless resolved", confirmed: "unless confirmed" },
    calm: "Nothing is burning", calmSub: "Whatever opens appears here at once", devices: "Devices", quiet: "Silent devices", noQuiet: "No device is silent", recent: "Recently resolved", noRecent: "Nothing has been resolved yet", quarantine: "Unread messages", discovered: "Unregistered devices", last24: "24 h", heard: "last heard", never: "never heard", gaps: "Coverage gaps", gapKinds: { site_without_fallback: "site without fallback", zone_without_members: "zone without members", zone_without_fallback: "zone without fallback", zone_overlap: "overlapping zones", place_without_zone: "in no duty zone" }, picture2: "Picture", live: "live", alerts: "alerts",
    fleet: { alarm: "in alarm", silent: "silent", fault: "fault", warning: "warning", unheard: "not yet heard", off: "out of service", ok: "healthy" },
    classes: { fire: "Fire", gas: "Gas", co: "Carbon monoxide", emergency: "Emergency call", water: "Water", supervisory: "Supervisory", fault: "Fault", warning: "Warning" },
    double: "confirmed by two detectors", drill: "Drill", test: "Test", late: "late news", cleared: "condition ended, still to be handled",
    stages: { told: "Told", acknowledged: "Acknowledged", verified: "Verified", en_route: "En route", on_scene: "On scene", resolved: "Resolved" },
    acts: { acknowledge: "Acknowledge", verify: "Verify: real / false / unclear", "en-route": "En route", arrive: "Arrived", resolve: "Resolve", escalate: "Escalate now", notes: "Note", mute: "Mute", decline: "Cannot go" },
    done: { acknowledge: "Acknowledged", verify: "Verified", "en-route": "En route noted", arrive: "Arrival noted", resolve: "Resolved; everybody told hears of it", escalate: "The next level is told", notes: "Noted", decline: "Noted" },
    findings: { real: "Real", false: "False", unclear: "Unclear" }, hows: { on_scene: "on scene", call_back: "call back", camera: "camera", second_detector: "second detector" },
    outcomes: { real: "Real", false_alarm: "False alarm", test: "Test", drill: "Drill", accidental: "Accidental press", device_fault: "Device fault" },
    causes: { cooking: "cooking", steam: "steam", dust: "dust, works", smoking: "smoking", insects: "insects", other: "other" },
    how: "How it was found", outcome: "Outcome", cause: "Cause of the false alarm", note: "Note (optional)", ok: "Confirm", cancel: "Cancel", reason: "Reason",
    waiting: "waits to be taken", month: "in 30 days", falseAlarms: "false alarms", noFalse: "no false alarm here in 30 days", reasons: { severity: "graver", confirmed: "confirmed by two detectors", floor: "a new floor", dwelling: "a new home", device: "another device", not_late: "no longer late news", not_a_test: "no longer a test" },
    shown: "on screen", states: { queued: "waiting", leased: "sending", sent: "gateway took it", delivered: "delivered", seen: "seen", answered: "answered", unreachable: "unreachable", refused: "refused", cancelled: "withdrawn" },
    notAnswered: "no answer", lateBy: "sent late", times: "×",
    posts: { desk_operator: "desk operator", shift_lead: "shift lead", patrol: "patrol", micro_fire_station: "micro fire station", engineer: "engineer", maintenance_firm: "maintenance firm", property_manager: "property manager", building_leader: "building leader", unit_leader: "unit leader", party_member: "party member", branch_secretary: "branch secretary", committee_chair: "committee chair", branch_observer: "branch observer", neighbour_supervisor: "neighbour supervisor", grid_worker: "grid worker", care_partner: "care partner", family: "family", community_officer: "community officer", sub_district_officer: "sub-district officer" },
    targets: { zone: "zone members", roster: "roster", person: "", told: "everybody told", holder: "holder" }, zones: { property: "property", grid: "grid", party: "party" },
    why: { first: "first notice", worse: "worse", next_step: "next step", repeat: "again", verified: "verified real", stood_down: "stood down", cleared: "cleared", coverage_gap: "coverage gap", drill: "drill", test: "test" },
    kinds: { "alert.raised": "raised", "alert.repeated": "again", "alert.cleared": "condition ended", "alert.acknowledged": "alert acknowledged", "alert.reset": "reset", "incident.opened": "incident opened", "incident.joined": "joined", "incident.worse": "worse: everybody is told again", "incident.reopened": "re-opened", "incident.acknowledged": "acknowledged", "incident.verified": "verified", "incident.declined": "cannot go", "incident.en_route": "en route", "incident.on_scene": "on scene", "incident.handed_over": "handed over", "incident.escalated": "escalated", "incident.noted": "note", "incident.resolved": "resolved", "incident.reviewed": "reviewed", "incident.closed": "closed", "notice.made": "notice", "notice.expanded": "goes to", "escalation.stuck": "escalation caught up", "escalation.skipped": "step skipped", "coverage.gap": "nobody answers: coverage gap", "device.discovered": "device discovered", "device.registered": "device registered", "device.changed": "device changed", "device.removed": "device removed", "system.started": "service started", "delivery.sent": "gateway took it", "delivery.delivered": "delivered", "delivery.seen": "seen", "delivery.answered": "answered", "delivery.unreachable": "unreachable", "delivery.refused": "refused" },
    deviceKinds: { smoke: "smoke detector", heat: "heat detector", gas: "gas detector", co: "CO detector", leak: "leak sensor", button: "emergency button", fall: "fall detector", motion: "motion sensor", door: "door contact", climate: "climate sensor", siren: "siren", panel: "fire panel", gateway: "gateway", meter: "meter", valve: "valve", other: "device" },
    battery: "battery", link: "link", unassigned: "unregistered place", system: "system", you: " (me)", pressed: "The simulated alarm was sent", unit: { s: "s", m: "min", h: "h", d: "d" },
  },
};

let language = localStorage.getItem("shouwang.language") === "en" ? "en" : "zh";

export const lang = () => language;

export function setLang(next) {
  language = next;
  localStorage.setItem("shouwang.language", next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/** A word by dotted path; the last part itself where the page does not know it. */
export function w(path, part) {
  const found = path.split(".").reduce((at, key) => at?.[key], words[language]);
  if (part === undefined) return found ?? path;
  return found?.[part] ?? String(part);
}

/** A text that comes in both languages. */
export const both = (text) => text?.[language] ?? text?.zh ?? text?.en ?? "";
