// Words of the phone of whoever is on duty: the card of a case, tasks by post, headcount, shifts.
export const duty = {
  zh: {
    tabs: { case: "警情", shifts: "我的班次" },
    generic: {
      fire: ["走楼梯，不乘电梯；不进入烟雾", "敲门、喊人，引导往楼下走", "到场后按“到场”"],
      gas: ["不按门铃、不打屋内电话、不碰屋内开关", "用手敲门，叫人出来；阀门和电源只在户外关", "退到楼外再按“到场”，门口不用手机和对讲机"],
      emergency: ["先打电话，边走边打", "敲门；无人应答找钥匙，不能因此结案", "到门口按“到场”"],
      other: ["看清位置和设备", "带工具到现场", "到场后按“到场”"],
    },
    never: "不许做", tasks: "你要做的", steps: "做完一项点一下", done: "已做", waits: "待发送", kept: "已记在手机里，有信号后自动发送",
    card: "进门与住户", route: "怎么走", gate: "怎么进", key: "钥匙", call: "拨打", family: "家属", needs: "需要", residents: "住", people: "人", helped: "需协助疏散", alsoHelped: "着火层及以上需协助", noKey: "没有登记钥匙", noHome: "这一户没有登记住户信息", drillCard: "演练和测试不显示住户资料",
    count: "人员清点", counting: { evacuated: "已疏散", nobody_home: "家中无人", not_reached: "未联系上" }, otherCounting: { staying: "留守", needs_help: "要人帮助" }, uncounted: "未清点", countHint: "着火层及以上，需协助的在前",
    prove: "扫码证明到场", tag: "门牌、设备或巡查点的码", pressed: "或：刚按过测试键的设备（5 分钟内）",
    saidAt: "手机记为", doubted: "（不可信，按收到的时间算）",
    noShift: "今后两周没有排你的班", shiftsLost: "现在读不到班次，有信号后再试", standsIn: "替班", swap: "换班", askSwap: "请人替这一班", ask: "征询", swapHint: "对方同意后才生效；在此之前这一班仍是你的。", me: "我", more: "更多", copy: "复制", copied: "已复制", calendar: "订阅到手机日历", calendarHint: "把地址加到手机日历的“订阅”里。谁有这个地址，谁就能看到你的班次。",
    exercises: "演练与查岗", exerciseKinds: { drill: "演练", duty_check: "查岗" }, did: { on_scene: "我已到场", acknowledged: "我已应答", missed: "未应答", waiting: "等我应答" },
  },
  en: {
    tabs: { case: "Case", shifts: "My shifts" },
    generic: {
      fire: ["Take the stairs, never the lift; never enter smoke", "Knock, call out, send people down", "Press “arrived” when you are there"],
      gas: ["Ring no bell, call no telephone in the flat, touch no switch inside", "Knock by hand, get people out; valve and power from outside only", "Press “arrived” outside the building: no telephone or radio at the door"],
      emergency: ["Call first, walk while calling", "Knock; no answer: fetch the key, and never end the case for it", "At the door press “arrived”"],
      other: ["Read place and device", "Bring tools", "Press “arrived” on the spot"],
    },
    never: "Never", tasks: "Your tasks", steps: "Tap each step when it is done", done: "done", waits: "not sent yet", kept: "Kept in this phone, sent when there is a signal",
    card: "Getting in, and who lives there", route: "Way", gate: "Way in", key: "Key", call: "Call", family: "Family", needs: "Needs", residents: "Residents:", people: "", helped: "must be helped out", alsoHelped: "To be helped out on this floor and above", noKey: "No key on record", noHome: "No household is on record for this home", drillCard: "Drills and tests show nobody’s data",
    count: "Headcount", counting: { evacuated: "Out", nobody_home: "Nobody home", not_reached: "Not reached" }, otherCounting: { staying: "staying", needs_help: "needs help" }, uncounted: "not counted", countHint: "Fire floor and above, those who need help first",
    prove: "Scan to prove arrival", tag: "Code of a door, device or patrol point", pressed: "Or: a device whose test button was pressed within 5 minutes",
    saidAt: "done at", doubted: "(cannot be; counted from when it came)",
    noShift: "No shift of yours in the next two weeks", shiftsLost: "Your shifts cannot be read now; try again with a signal", standsIn: "standing in", swap: "Swap", askSwap: "Ask somebody to take this shift", ask: "Ask", swapHint: "It holds once they agree; until then the shift is yours.", me: "I", more: "More", copy: "Copy", copied: "Copied", calendar: "Subscribe in the phone’s calendar", calendarHint: "Add the address to your calendar’s subscriptions. Whoever has it sees your shifts.",
    exercises: "Drills and duty checks", exerciseKinds: { drill: "Drill", duty_check: "Duty check" }, did: { on_scene: "I was there", acknowledged: "I answered", missed: "not answered", waiting: "waits for me" },
  },
};
