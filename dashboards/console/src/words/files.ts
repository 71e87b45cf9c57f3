// What is wrong with a file, in Chinese: the service names each fault in English, in sentences of a fixed shape (registry
// consistency, domain device_sheet). What no shape fits is shown as the service said it.
type Shape = readonly [RegExp, string];

/** The part that follows a fault: what to do. */
const ADVICE: readonly Shape[] = [
  [/^did you mean (.+)\?$/, "是不是 $1？"],
  [/^expected one of (.+)$/, "应为其中之一：$1"],
  [/^expected (?:for example )?HH:MM from 00:00 to 24:00$/, "应为 00:00 到 24:00 之间的 时:分"],
  [/^expected FAMILY:IDENTITY, for example (.+)$/, "应为 家族:标识，例如 $1"],
  [/^expected a path such as (.+)$/, "应为路径，例如 $1"],
  [/^expected for example (.+)$/, "例如 $1"],
  [/^expected at most (\d+)$/, "最多 $1"],
  [/^its first row names the columns$/, "第一行是列名"],
  [/^a place is in one zone of a kind at most$/, "一处位置在同一类责任区中只能属于一个"],
  [/^expected (.+)$/, "应为 $1"],
];
const FAULTS: readonly Shape[] = [
  [/^there is no person (.+)$/, "没有这个人：$1"],
  [/^there is no place (.+)$/, "没有这个位置：$1"],
  [/^there is no profile (.+)$/, "没有这个型号：$1"],
  [/^there is no zone (.+)$/, "没有这个责任区：$1"],
  [/^there is no roster (.+)$/, "没有这张值班表：$1"],
  [/^there is no device (.+) to stand behind$/, "没有这台网关：$1"],
  [/^nobody holds post (.+) anywhere$/, "没有人担任岗位 $1"],
  [/^(.+) is not a profile$/, "$1 不是已知型号"],
  [/^(.+) is not a place$/, "$1 不是位置"],
  [/^(.+) is not a kind of zone$/, "$1 不是责任区的类别"],
  [/^(.+) is not a kind of device or place$/, "$1 不是设备或位置的类别"],
  [/^(.+) is not a target$/, "$1 不是可告知的对象"],
  [/^(.+) is not an address$/, "$1 不是设备地址"],
  [/^(.+) is not FAMILY:IDENTITY$/, "$1 不是“家族:标识”"],
  [/^(.+) is not a time zone$/, "$1 不是时区"],
  [/^(.+) is not a wall-clock time$/, "$1 不是钟点"],
  [/^(.+) is not a day$/, "$1 不是日子"],
  [/^(.+) is not a duration$/, "$1 不是时长"],
  [/^(.+) is not an id$/, "$1 不能作编号"],
  [/^(.+) is no id$/, "$1 不能作编号"],
  [/^(.+) is none of (.+)$/, "$1 不在其中：$2"],
  [/^(.+) is not a section of a community file$/, "$1 不是社区文件的一节"],
  [/^(.+) is not a list$/, "$1 应是列表"],
  [/^Invalid enum value (.+)$/, "没有这种取值：$1"],
  [/^Object missing required field `(.+)`$/, "缺少必填项 $1"],
  [/^Object contains unknown field `(.+)`$/, "不认识的栏目 $1"],
  [/^Expected `(.+)`, got `null`$/, "没有填，应为 $1"],
  [/^Expected `(.+)`, got `(.+)`$/, "应为 $1，填的是 $2"],
  [/^(.+) stands twice, first as (.+)$/, "$1 出现两次，先在 $2"],
  [/^(.+) stands in row (\d+) already$/, "$1 在第 $2 行已经有了"],
  [/^(.+) belongs to the device (.+)$/, "$1 是设备 $2 的"],
  [/^(.+) is the address of device (.+) already$/, "地址 $1 已属于设备 $2"],
  [/^(.+) is in (\w+) zone (.+) already$/, "$1 已在另一个责任区 $3"],
  [/^(.+) does not come after (.+)$/, "$1 不晚于 $2"],
  [/^changes nothing$/, "什么也没改"],
  [/^tells? nobody$/, "没有告知任何人"],
  [/^puts nobody on duty$/, "没有安排任何人值班"],
  [/^is missing$/, "没有填"],
  [/^is empty$/, "是空的"],
  [/^is missing, and the person has no phone$/, "没有填，这个人也没有电话"],
  [/^the sheet is empty$/, "表是空的"],
  [/^the sheet has a column (.+)$/, "表里多了一列 $1"],
  [/^the sheet has no column (.+)$/, "表里缺少一列 $1"],
  [/^the sheet has (\d+) rows$/, "表有 $1 行"],
  [/^the sheet is neither CSV nor XLSX: .*$/, "既不是 CSV 也不是 XLSX"],
  [/^is not a workbook: .*$/, "不是能读的工作簿"],
  [/^has no sheet of a community$/, "没有社区资料的表"],
  [/^has more than (\d+) rows$/, "超过 $1 行"],
  [/^is not YAML: (.*)$/, "不是正确的 YAML：$1"],
];

const fitted = (text: string, shapes: readonly Shape[]): string | null => {
  for (const [shape, words] of shapes) if (shape.test(text)) return text.replace(shape, words);
  return null;
};

/** A fault in the language of the page: `places[1].kind: Invalid enum value 'x'; did you mean 'y'?` */
export function faultWords(detail: string, of: "zh" | "en"): string {
  if (of === "en") return detail;
  const [, where = "", said = detail] = /^([\w$]+(?:\[\d+\]|\.\w+)*(?:\.\w+)?: )?(.*)$/s.exec(detail) ?? [];
  const [fault = "", ...advice] = said.split("; ");
  const known = fitted(fault, FAULTS);
  if (!known) return detail;
  return where + [known, ...advice.map((each) => fitted(each, ADVICE) ?? each)].join("；");
}
