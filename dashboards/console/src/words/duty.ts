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
  },
};
