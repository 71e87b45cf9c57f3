// Words of patrols 巡查, in both languages side by side.
export const patrols = {
  zh: { title: "巡查", journal: "操作日志", round: "巡查时段", point: "巡查点", state: "情况", at: "时间", by: "巡查人", note: "说明", missed: "漏巡", problems: "发现问题", print: "打印防火巡查记录", days: "范围", day: "1 天", week: "7 天", month: "31 天", none: "这段时间没有巡查。巡查路线、巡查点与时段在社区文件或工作簿（巡查路线、巡查点、巡查时段）中设置", states: { ok: "正常", problem: "发现问题", due: "待巡查", missed: "漏巡" } },
  en: { title: "Patrols", journal: "Journal", round: "Round", point: "Point", state: "State", at: "When", by: "By", note: "Note", missed: "missed", problems: "with a problem", print: "Print the patrol record", days: "Span", day: "1 day", week: "7 days", month: "31 days", none: "No round in this span. Routes, points and times are set in the community file or workbook", states: { ok: "seen", problem: "problem", due: "due", missed: "missed" } },
};
