"""A small compound whose alerts are held by people or folded by logic, and what its two detectors say."""

from shouwang.domain.vocabulary import PlaceId

HOME, ABOVE = PlaceId("cj/dm/jy/b3/u2/f5/501"), PlaceId("cj/dm/jy/b3/u2/f6/601")
COMPOUND = """
site: {fallback: manager}
places:
  - {id: cj, kind: sub_district, name: 演示街道}
  - {id: cj/dm, kind: community, name: 演示社区}
  - {id: cj/dm/jy, kind: compound, name: 锦苑}
  - {id: cj/dm/jy/b3, kind: building, name: 3号楼}
  - {id: cj/dm/jy/b3/u2, kind: unit, name: 2单元}
  - {id: cj/dm/jy/b3/u2/f5, kind: floor, name: 5层}
  - {id: cj/dm/jy/b3/u2/f5/501, kind: dwelling, name: "501"}
  - {id: cj/dm/jy/b3/u2/f6, kind: floor, name: 6层}
  - {id: cj/dm/jy/b3/u2/f6/601, kind: dwelling, name: "601"}
people:
  - {id: guard, name: 值班员, channels: [{kind: webhook, url: "{phone:guard}"}]}
  - {id: watcher, name: 看火人, channels: [{kind: webhook, url: "{phone:watcher}"}]}
  - {id: leader, name: 楼栋长, channels: [{kind: webhook, url: "{phone:leader}"}]}
  - {id: manager, name: 物业经理, channels: [{kind: webhook, url: "{phone:manager}"}]}
  - {id: engineer, name: 工程, channels: [{kind: webhook, url: "{phone:engineer}"}]}
posts:
  - {place: cj/dm/jy, post: desk_operator, person: guard}
  - {place: cj/dm/jy/b3, post: building_leader, person: leader}
  - {place: cj/dm/jy, post: engineer, person: engineer}
zones:
  - {id: east, kind: party, name: 东责任区, places: [cj/dm/jy/b3], members: [leader], fallback: manager}
policies:
  - id: fire-here
    match: {severity: [critical]}
    steps:
      - {after: 0s, tell: ["post:desk_operator", "post:building_leader"]}
      - {after: 60s, unless: acknowledged, tell: ["person:manager"]}
  - id: rest
    steps: [{after: 0s, tell: ["post:engineer"]}]
devices:
  - {id: gateway, profile: zigbee2mqtt-bridge, address: "zigbee2mqtt:zigbee2mqtt", place: cj/dm/jy}
  - {id: smoke-501, profile: heiman-hs1sa, address: "zigbee2mqtt:s501", place: cj/dm/jy/b3/u2/f5/501}
  - {id: smoke-601, profile: heiman-hs1sa, address: "zigbee2mqtt:s601", place: cj/dm/jy/b3/u2/f6/601}
"""
S501, S601, BRIDGE = "zigbee2mqtt/s501", "zigbee2mqtt/s601", "zigbee2mqtt/bridge/state"


def says(*, smoke: bool = False, tamper: bool = False, trouble: bool = False, test: bool = False) -> dict[str, object]:
    return {"smoke": smoke, "tamper": tamper, "trouble": trouble, "test": test, "battery": 90, "linkquality": 80}


SMOKE, CLEAR, TAMPER, TROUBLE = says(smoke=True), says(), says(tamper=True), says(trouble=True)
