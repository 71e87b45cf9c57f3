// What the service's refusals come to, in Chinese: what happened, whether anything was changed, what to do next. The
// service gives the particulars in English, and the page shows them after these.
import type { components } from "../api/schema";

export const REFUSALS: Record<components["schemas"]["Code"], string> = {
  unauthenticated: "没有登录，或用户名、密码不对，什么都没有改。请重新登录",
  forbidden: "你的角色没有这项权限，什么都没有改。请由有权限的人来做",
  not_found: "没有找到，可能已被删除，或不在你负责的范围内。请刷新后再看",
  method_not_allowed: "服务不支持这个操作，什么都没有改。请刷新页面，可能刚换了版本",
  conflict: "与现在的状态冲突，这次没有生效。请刷新核对后再决定",
  changed: "别人刚刚改过，这次没有保存，以免覆盖。请刷新后重做",
  too_large: "内容太大，没有接收。请减小后再发",
  invalid: "填写有误，什么都没有改。请更正后再提交",
  key_reused: "这次提交与之前的一次重号，没有执行。请刷新后重做",
  too_many: "太频繁，这次没有执行。请稍等再试",
  internal: "服务内部出错，不确定是否生效。请刷新核对；仍不行就通知运维",
  unavailable: "服务暂时不可用，这次没有生效。请稍后再试；紧急时直接电话处置",
  refused: "服务没有接受，什么都没有改。请核对后再试",
};

/** A refusal by its code, in Chinese, and what the service said of it in small print below. */
export const refusal = (code: string | undefined, detail: string): string => {
  const word = REFUSALS[code as keyof typeof REFUSALS] as string | undefined;
  return word ? `${word}\n${detail}` : detail;
};
