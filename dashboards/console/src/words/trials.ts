// Words of trying a rule and of backtests, in both languages side by side.
export const trials = {
  zh: {
    checking: "正在检查…", right: "没有错误", wrong: "处要改", title: "试一试", hint: "保存之前，看它对一段时间线怎样判定。不改变任何东西。",
    sources: { example: "规则里的例子", hand: "手写时间线", device: "设备近期读数" }, example: "例子", noExample: "规则里还没有 examples", handHint: "每行一条：时刻 [设备] 指标=值；tick 只让时间走。", device: "设备", deviceHint: "设备编号或地址", hours: "小时", noDevice: "没有这样的设备", run: "试算", running: "正在试算…",
    badLine: "这一行读不懂", expected: "应写成 10s temperature=58 或 5m tick", silent: "什么也不会报", shortened: "读数或结果太多，只显示一部分", fixFirst: "先改正错误，才能试算",
    says: { raised: "报警", repeated: "再次触发", cleared: "解除" }, axis: "时间轴", when: "时刻", after: "起点后", subject: "对象", result: "判定", readings: "读数", stillOn: "未解除",
    backtest: "回测", backtestHint: "用存下来的读数重放，和当时真正报的警、人们的结论对照。可以离开，回来再看。", span: "时段", spans: { "7": "过去 7 天", "30": "过去 30 天", "90": "过去 90 天" }, start: "开始回测", stop: "停止", again: "重新回测", progress: "已算设备", states: { running: "正在回测", done: "回测完成", failed: "回测失败", stopped: "已停止" },
    would: "会报警", raised: "次；当时报了", times: "次", missed: "漏掉真警", spared: "少了误报", fresh: "多出从未报过的", noReal: "没有漏掉真警", unsaid: "没人下结论", missedBy: "不再报的，按结论", instants: "会报警的时刻", firstShown: "只列前 200 次", draft: "用的是编辑框里的文本", kept: "用的是已保存的规则", noId: "规则要先有 rule: 名称",
  },
  en: {
    checking: "Checking…", right: "No mistakes", wrong: "to put right", title: "Try it", hint: "See what it says to a timeline before it is kept. Nothing is changed.",
    sources: { example: "an example of the rule", hand: "a timeline by hand", device: "a device's readings" }, example: "Example", noExample: "The rule has no examples yet", handHint: "One a line: time [device] metric=value; tick lets only time pass.", device: "Device", deviceHint: "id or address", hours: "hours", noDevice: "There is no such device", run: "Try", running: "Trying…",
    badLine: "This line cannot be read", expected: "expected 10s temperature=58, or 5m tick", silent: "It says nothing", shortened: "There is more than is shown", fixFirst: "Put the mistakes right first",
    says: { raised: "raised", repeated: "again", cleared: "cleared" }, axis: "Time axis", when: "When", after: "after start", subject: "Subject", result: "Says", readings: "Readings", stillOn: "still on",
    backtest: "Backtest", backtestHint: "Plays stored readings again, beside what was raised and what people found. You may leave and come back.", span: "Span", spans: { "7": "last 7 days", "30": "last 30 days", "90": "last 90 days" }, start: "Start the backtest", stop: "Stop", again: "Once more", progress: "devices done", states: { running: "running", done: "done", failed: "failed", stopped: "stopped" },
    would: "would have raised", raised: "; raised were", times: "", missed: "missed real", spared: "spared false", fresh: "raised by nobody before", noReal: "missed no real alarm", unsaid: "nobody said", missedBy: "No longer raised, by outcome", instants: "When it would have raised", firstShown: "the first 200", draft: "of the text in the editor", kept: "of the rule as it is kept", noId: "The rule needs its rule: id first",
  },
};
