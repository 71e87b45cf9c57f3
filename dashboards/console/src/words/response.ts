// Words of the report of responses, in both languages side by side.
export const response = {
  zh: {
    by: "分组", tabs: { zone: "责任区", post: "岗位", class: "类型", hour: "时段" }, span: "时段", spans: { week: "近 7 天", month: "近 30 天", quarter: "近 90 天", year: "近一年" }, cases: "件数", ack: "接警中位", ackSlow: "接警 95%", scene: "到场中位", targets: { acknowledged_in_30s: "30 秒内接警", acknowledged_in_60s: "60 秒内接警", on_scene_in_60s: "1 分钟内到场", on_scene_in_180s: "3 分钟内到场" }, wanted: "要求", unproven: "未核实到场", falses: "误报", none: "未归属", notOver: "未办结", basis: "依据：EN 50518（接警）、1-3-5 规则与公消〔2015〕301 号（3 分钟到场）。演练、测试、迟到的消息不计；没人到场的也算在总数里。", below: "未达到", csv: "下载 CSV", xlsx: "下载 XLSX", byHour: "各时段接警中位（秒）", byDevice: "误报最多的设备", casesUnit: "起", every: "全部", hourOf: "点",
  },
  en: {
    by: "By", tabs: { zone: "Zone", post: "Post", class: "Class", hour: "Hour" }, span: "Span", spans: { week: "7 days", month: "30 days", quarter: "90 days", year: "a year" }, cases: "Cases", ack: "Acknowledged, median", ackSlow: "Acknowledged, 95 %", scene: "On scene, median", targets: { acknowledged_in_30s: "acknowledged in 30 s", acknowledged_in_60s: "acknowledged in 60 s", on_scene_in_60s: "on scene in 1 min", on_scene_in_180s: "on scene in 3 min" }, wanted: "wanted", unproven: "Arrivals not proven", falses: "False alarms", none: "none", notOver: "not over", basis: "After EN 50518 (acknowledging), the 1-3-5 rule and document 301 of 2015 (on scene in 3 minutes). Drills, tests and late news are left out; a case to which nobody came counts too.", below: "below", csv: "Download CSV", xlsx: "Download XLSX", byHour: "Acknowledged by hour, median (s)", byDevice: "Devices with most false alarms", casesUnit: "cases", every: "all", hourOf: ":00",
  },
};
