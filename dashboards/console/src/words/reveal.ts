// Words of showing a masked name, phone or household for an incident.
export const reveal = {
  zh: {
    show: "显示", person: "显示姓名和电话", home: "显示住户信息", for: "依据的警情", who: "查看谁", which: "哪一户",
    hint: "谁、何时、为什么查看，会写进这起警情的时间线，复核时看得到；看到的内容不会写进去。",
    chooseCase: "哪起警情需要联系这个人", noCase: "现在没有未归档或待回访的警情，只有这样的警情才能作为理由；平时要联系，请找值班员。", looking: "正在查找警情…",
    why: "为什么要看", reasons: { told: "联系已通知的人", key: "联系持钥匙人", visit: "回访", other: "其他" }, words: "写明原因（不要写姓名和电话）",
    name: "姓名", phone: "电话", posts: "岗位", noPhone: "没有登记电话", seconds: "秒后隐藏", left: "这起警情里还可以查看", leftUnit: "人或户", hide: "现在隐藏", hidden: "已隐藏。还需要就再点一次，会再记一次。",
    residents: "居住人数", needs: "特别需要", helped: "需协助疏散", contacts: "家属", keys: "持钥匙人", gate: "怎么进门", note: "备注", unknown: "没有登记",
    closed: "这起警情已归档而不欠回访，或办结已超过 30 天，不能再作为理由，什么都没有显示。有人现在有危险，就新报一起警情；否则请值班员联系。",
    spent: "这起警情里你能查看的人和住户已到上限，什么都没有显示。请值班员代为联系。",
    none: "这一户没有登记住户信息，什么都没有显示。请问值班员或楼栋长。",
    unwritten: "没能写进记录，所以什么都没有显示。请再试一次；紧急时直接打给值班室。",
  },
  en: {
    show: "Show", person: "Show name and phone", home: "Show household", for: "Justified by", who: "Of whom", which: "Which home",
    hint: "Who looked, when and why goes into the timeline of this incident, for whoever reviews it; what was seen does not.",
    chooseCase: "Which incident needs this person", noCase: "No incident is open or owes a visit now, and only such an incident justifies it; to reach somebody otherwise, ask the desk.", looking: "Looking for incidents …",
    why: "Why", reasons: { told: "call who was told", key: "call the key holder", visit: "follow-up visit", other: "another reason" }, words: "Say why (without names or phones)",
    name: "Name", phone: "Phone", posts: "Posts", noPhone: "no phone on record", seconds: "s until it is hidden", left: "You may be shown", leftUnit: "more people or homes for this incident", hide: "Hide now", hidden: "Hidden. If you still need it, show it once more; that is recorded too.",
    residents: "Residents", needs: "Needs", helped: "must be helped out", contacts: "Family", keys: "Keys", gate: "How to get in", note: "Note", unknown: "not on record",
    closed: "This incident is closed and owes no visit, or was resolved more than 30 days ago, and justifies it no longer: nothing was shown. If somebody is in danger now, report that; otherwise ask the desk to call.",
    spent: "You were shown as many people and homes as anybody is for one incident: nothing was shown. Ask the desk to call for you.",
    none: "No household is on record for this home: nothing was shown. Ask the desk or the building leader.",
    unwritten: "It could not be recorded, so nothing was shown. Try once more; in an emergency call the desk.",
  },
};
