// Words of the card, the checklist, the calls and the headcount of a case, in both languages side by side.
export const casework = {
  zh: {
    residents: "人", help: "需协助疏散", key: "钥匙", gate: "进门", family: "家属", homesAbove: "着火层及以上", homes: "户", unread: "住户须知没有读到：有无需协助人员不明", again: "再读一次",
    list: "处置清单", lines: "报警词", other: "其他清单", allDone: "清单已全部完成", readOnly: "这不是本案的清单：只能照读，不能勾选", none: "这类事件没有清单", called: "已拨打", calledAt: "已拨打", callNow: "拨打", dialsNobody: "系统不会代拨电话：由人拨打，按下按钮记录时间", numberKeys: "数字键勾选第几项", service: { "119": "119 火警", "120": "120 急救", "110": "110 报警", "96333": "96333 电梯应急", "gas-company": "燃气公司", "lift-firm": "电梯维保单位", person: "目录中的人" },
    noCall: "燃气或一氧化碳：不打屋内电话，不按门铃", notGas: "（燃气、一氧化碳除外）", answered: "接通", unanswered: "无人接听", noContacts: "没有登记家属或钥匙联系人", sendSomebody: "已两次无人接听：立即派人上门", sendNow: "派人上门（出动）", more: "上报增援", keyHolder: "钥匙",
    count: "人员清点", countOf: "清点", states: { evacuated: "已疏散", nobody_home: "家中无人", not_reached: "未联系上", needs_help: "待协助", staying: "留在屋内" }, unknown: "未清点", needsHelp: "待协助", noFloors: "位置没有楼层：无从清点", countHint: "↑↓ 选住户，数字键记录",
    limit: "限", left: "剩", lateBy: "超时", unproven: "未核实到场",
  },
  en: {
    residents: "people", help: "Needs help to leave", key: "Key", gate: "Way in", family: "Family", homesAbove: "Fire floor and above", homes: "homes", unread: "What is known of the homes could not be read: somebody may need help", again: "Read again",
    list: "Checklist", lines: "Words to say", other: "Other lists", allDone: "The checklist is done", readOnly: "This is not the list of this case: read from it, its items cannot be ticked", none: "There is no checklist for this kind of case", called: "I have called", calledAt: "called", callNow: "Call", dialsNobody: "The system dials nobody: a person does, and presses here to keep the time", numberKeys: "a digit ticks that item", service: { "119": "119 fire brigade", "120": "120 ambulance", "110": "110 police", "96333": "96333 lift rescue", "gas-company": "Gas company", "lift-firm": "Lift maintenance", person: "Person of the directory" },
    noCall: "Gas or carbon monoxide: never the flat's telephone, never the doorbell", notGas: "(never at gas or CO)", answered: "Answered", unanswered: "No answer", noContacts: "No family or key holder is on record", sendSomebody: "No answer twice: send somebody at once", sendNow: "Send somebody (on the way)", more: "Call for more people", keyHolder: "Key",
    count: "Headcount", countOf: "Count", states: { evacuated: "Out", nobody_home: "Nobody home", not_reached: "Not reached", needs_help: "Needs help", staying: "Stays inside" }, unknown: "Not counted", needsHelp: "Need help", noFloors: "The place has no floors: there is nothing to count", countHint: "↑↓ choose a home, a digit records",
    limit: "limit", left: "left", lateBy: "late by", unproven: "Arrival not proven",
  },
};
