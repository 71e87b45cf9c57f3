// Words of looking for a place, in both languages side by side.
export const places = {
  zh: {
    hint: "键入楼栋、房号或路径，如 3-2-501", none: "没有这样的位置", more: "还有更多，请再多写几个字", count: "个位置", clear: "清除", wanted: "请从列表中选一个位置",
    kinds: { sub_district: "街道", community: "社区", compound: "小区", building: "楼栋", unit: "单元", floor: "楼层", dwelling: "户", area: "公共区域", shop: "商铺", garage: "车库", fire_compartment: "防火分区" },
  },
  en: {
    hint: "Type a building, room or path, as 3-2-501", none: "There is no such place", more: "There are more: write a little more", count: "places", clear: "Clear", wanted: "Choose a place of the list",
    kinds: { sub_district: "sub-district", community: "community", compound: "compound", building: "building", unit: "unit", floor: "floor", dwelling: "dwelling", area: "common area", shop: "shop", garage: "garage", fire_compartment: "fire compartment" },
  },
};
