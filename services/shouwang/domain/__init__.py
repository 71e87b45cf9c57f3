"""The pure core: what readings mean, when an alert is raised, who must be told. No I/O, no clock, no async, no logging.

Glossary (code 中文): Place 位置, Device 设备, Profile 设备型号库, Reading 读数, Metric 指标, Quarantine 未识别报文,
Rule 规则, Standing 判定状态, Transition 变化, Alert 告警, Incident 警情 (life safety) or 事件 (the rest),
Finding 核警, Duty zone 责任区, Post 岗位, Roster 值班表, Shift 班次, Override 替班, Escalation policy 升级策略,
Step 步骤, Notification 通知, Delivery 送达, Mute sound 消音, Silence 暂停通知, Shelve 暂缓, Out of service 停用,
Drill 演练, Test 测试, Proof of life 末次可用确认.
"""
