// Words of the hand-over of a shift 交接班, in both languages side by side.
export const handover = {
  zh: {
    tab: "交接班", today: "今天谁值班", restday: "休息日", then: "接着", sound: "1 试音", tone: "播放试音", toneHint: "每班交接前试一次：听不到就不算接班", heard: "声音与灯光正常", know: "2 下一班要知道", hand: "3 签字交班", all: "没有要交代的",
    parts: { open: "未办结警情", holds: "暂停通知、许可与停用", faults: "故障设备", gaps: "今后 12 小时值守缺口", patrols: "巡查漏巡与问题", checks: "查岗漏岗", drills: "演练" }, drillGoesOn: "进行中",
    until: "至", untilBack: "直到恢复", missed: "漏巡", noAnswer: "未应答", unproven: "个联系方式未核实：照样会通知，但不算有人值守", deputy: "安排替班", certified: "持证", uncertified: "无证", own: "本班组", busy: "同时段已值", nobodyFree: "没有可替班的人：都请假、在岗或无联系方式", deputySet: "已安排替班", undo: "撤回", undone: "已撤回替班", to: "交给", note: "交接事项", sign: "签字交班", signedOff: "已交班，等待接班人签收", take: "签收接班", taken: "已接班",
    earlier: "最近的交接", noSound: "未试音", waits: "待接班人签收", signedAt: "接班签收", handled: "本班已办结", print: "打印", forms: { duty: "值班记录", fire: "火警处置", fault: "故障维修", patrol: "防火巡查" },
    kinds: { silence: "暂停通知", maintenance: "维保", permit: "施工许可", shelf: "暂缓", out_of_service: "停用" }, popup: "浏览器拦住了打印窗口：请允许本站弹出窗口",
  },
  en: {
    tab: "Hand-over", today: "On duty today", restday: "day off", then: "then", sound: "1 Test the sound", tone: "Play the test tone", toneHint: "Once before every shift: a desk that hears nothing is not taken over", heard: "Sound and lamps are good", know: "2 What the next shift must know", hand: "3 Sign and hand over", all: "Nothing to tell",
    parts: { open: "Open cases", holds: "Silences, permits, out of service", faults: "Faulty devices", gaps: "Gaps of the next 12 hours", patrols: "Patrols missed or with a problem", checks: "Duty checks without an answer", drills: "Drills" }, drillGoesOn: "under way",
    until: "until", untilBack: "until put back", missed: "missed", noAnswer: "no answer", unproven: "contacts not verified: told all the same, but no coverage", deputy: "Set a stand-in", certified: "certified", uncertified: "not certified", own: "of this team", busy: "also on duty at", nobodyFree: "Nobody can stand in: all are away, on duty or without a contact", deputySet: "Stand-in set", undo: "Take back", undone: "Stand-in taken back", to: "To", note: "What to know", sign: "Sign and hand over", signedOff: "Handed over; waiting for their signature", take: "Sign and take over", taken: "Taken over",
    earlier: "Latest hand-overs", noSound: "sound not tested", waits: "waits for their signature", signedAt: "taken over", handled: "Dealt with in this shift", print: "Print", forms: { duty: "duty record", fire: "fire record", fault: "fault record", patrol: "patrol record" },
    kinds: { silence: "silence", maintenance: "maintenance", permit: "work permit", shelf: "shelved", out_of_service: "out of service" }, popup: "The browser held back the page to print: allow pop-ups of this site",
  },
};
