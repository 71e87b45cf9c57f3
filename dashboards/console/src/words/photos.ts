// Words of photos: proof of arrival, outcome, a device as it hangs.
export const photos = {
  zh: { proof: "拍照证明到场", proven: "到场已证实", unproven: "未核实到场", take: "拍照", outcome: "附上照片（可不拍）", device: "拍下安装位置", none: "这不是能用的照片", busy: "正在处理…", many: "等待发送的照片太多，先到有信号的地方", kept: "照片已记在手机里，有信号后自动发送", sent: "照片已发送", count: "照片", mounted: "安装照片", noMounted: "还没有安装照片", alt: "设备安装位置的照片", of: "拍于" },
  en: { proof: "Photo to prove arrival", proven: "Arrival proven", unproven: "Arrival not proven", take: "Photo", outcome: "Add a photo (optional)", device: "Photo of the mounting", none: "This is no picture that can be used", busy: "Working …", many: "Too many photos wait: go where there is a signal", kept: "The photo is kept in this phone and sent when there is a signal", sent: "Photo sent", count: "Photos", mounted: "Photos of the mounting", noMounted: "There is no photo yet", alt: "Photo of where the device hangs", of: "Taken" },
};
