// Words of the fleet's health.
export const health = {
  zh: {
    tabs: { all: "全部", silent: "失联", weak: "信号弱", flapping: "频繁报警", battery: "低电量", gateway: "网关", models: "型号误报" },
    empty: { all: "还没有登记的设备", silent: "没有失联的设备", weak: "没有信号弱的设备", flapping: "过去 24 小时没有频繁报警的设备", battery: "没有电量低的设备", gateway: "没有网关", models: "还没有设备" },
    signal: "信号", today: "24 小时报警", proof: "末次可用确认", gateway: "所属网关", children: "下挂设备", perDay: "每天", replaceBy: "应在此前更换", replaceNow: "应立即更换", noTrend: "趋势不足", covered: "有保护作用", notCovered: "不计入保护", model: "型号", count: "设备数", cases: "警情", rate: "误报率", perYear: "每台每年误报", noneJudged: "还没有结论", wholeSite: "全部位置", of: "台",
  },
  en: {
    tabs: { all: "All", silent: "Silent", weak: "Weak link", flapping: "Flapping", battery: "Low battery", gateway: "Gateways", models: "False alarms by model" },
    empty: { all: "No device is registered yet", silent: "No device is silent", weak: "No device has a weak link", flapping: "No device flapped in the last 24 hours", battery: "No battery is low", gateway: "There is no gateway", models: "There is no device yet" },
    signal: "Link", today: "Alarms in 24 h", proof: "Last proof of life", gateway: "Gateway", children: "Behind it", perDay: "a day", replaceBy: "Replace by", replaceNow: "Replace now", noTrend: "no trend yet", covered: "protects", notCovered: "does not count as protection", model: "Model", count: "Devices", cases: "Cases", rate: "False alarms", perYear: "A device and year", noneJudged: "none judged yet", wholeSite: "Everywhere", of: "devices",
  },
};
