// Words of how somebody is reached, and of changing that.
export const contacts = {
  zh: {
    change: "联系方式", heading: "联系方式", hint: "按从上到下的顺序通知；前一个不通，立即试下一个。新加的马上用来通知，但核实之前不计入覆盖。地址不会显示。",
    none: "还没有联系方式：不会收到任何通知。", add: "添加", kind: "渠道", number: "号码（不填用本人电话）", url: "地址", mail: "邮箱", secret: "签名密钥（可不填）", up: "上移", down: "下移", drop: "删除",
    new: "新", kept: "地址不变", off: "此渠道未安装，收不到", save: "保存", saved: "已保存", loseAll: "删除全部联系方式后，此人收不到任何通知。确定要删除全部？", test: "发送核实消息", testHint: "给尚未核实的联系方式各发一条带验证码的消息",
    faults: { kind: "不能添加这种渠道", keep: "这条联系方式已被别人改过，请关闭后重新打开", number: "号码不能用：没有号码，或是急救、报警号码", url: "地址不能用：格式不对，或指向内网", secret: "签名密钥的格式不对" },
  },
  en: {
    change: "Contacts", heading: "Contacts", hint: "Told from top to bottom; where one fails, the next is tried at once. A new one is told from now on, and counts as coverage once it is verified. Addresses are not shown.",
    none: "No contact yet: this person hears nothing.", add: "Add", kind: "Channel", number: "Number (empty: the person's own)", url: "Address", mail: "E-mail", secret: "Signing secret (optional)", up: "Up", down: "Down", drop: "Remove",
    new: "new", kept: "address as it is", off: "this channel is not installed: nothing arrives", save: "Keep", saved: "Kept", loseAll: "Without any contact this person hears of no alarm. Really remove all?", test: "Send test messages", testHint: "One with a code to each contact that was never verified",
    faults: { kind: "This channel cannot be added", keep: "Somebody changed this contact: close and open again", number: "The number cannot be used: there is none, or it is an emergency service", url: "The address cannot be used: it has another form, or leads inside", secret: "The secret has another form" },
  },
};
