// Words of the pages of management, in both languages side by side.
export const manage = {
  zh: {
    import: "导入",
    importTitle: "导入设备", importHint: "CSV 或 XLSX；先试算，无误再导入。有一行错就全部不导入。", template: "空表", chooseFile: "选择文件", tryIt: "试算", apply: "导入", added: "新增", changed: "修改", unchanged: "不变", wrong: "有误", row: "行", column: "列", problem: "问题", sheet: "整表", applied: "已导入", clean: "没有错误，可以导入", working: "正在处理…",
  },
  en: {
    import: "Import",
    importTitle: "Import devices", importHint: "CSV or XLSX; try it first, then import. One wrong row, and nothing is imported.", template: "Empty sheet", chooseFile: "Choose a file", tryIt: "Try", apply: "Import", added: "new", changed: "changed", unchanged: "unchanged", wrong: "wrong", row: "Row", column: "Column", problem: "Problem", sheet: "whole sheet", applied: "Imported", clean: "No errors: ready to import", working: "Working…",
  },
};
