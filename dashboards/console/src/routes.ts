// The pages. The control room comes at once; everything else when it is asked for.
import { createRouter, createWebHistory } from "vue-router";
import ControlRoom from "./control/ControlRoom.vue";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", component: ControlRoom, meta: { shell: "room" } },
    { path: "/wall", component: () => import("./control/WallPage.vue"), meta: { shell: "none" } },
    { path: "/duty", component: () => import("./duty/DutyPage.vue"), meta: { shell: "phone" } },
    { path: "/install", component: () => import("./install/InstallPage.vue"), meta: { shell: "phone" } },
    { path: "/cases", component: () => import("./manage/CasesPage.vue"), meta: { shell: "page" } },
    { path: "/cases/:id", component: () => import("./manage/CasePage.vue"), props: true, meta: { shell: "page" } },
    { path: "/plans", component: () => import("./manage/PlansPage.vue"), meta: { shell: "page" } },
    { path: "/plans/:place(.*)", component: () => import("./manage/PlanPage.vue"), props: true, meta: { shell: "page" } },
    { path: "/devices", component: () => import("./manage/DevicesPage.vue"), meta: { shell: "page" } },
    { path: "/devices/:id(.*)", component: () => import("./manage/DevicePage.vue"), props: true, meta: { shell: "page" } },
    { path: "/fleet", component: () => import("./manage/FleetPage.vue"), meta: { shell: "page" } },
    { path: "/watch", component: () => import("./manage/WatchPage.vue"), meta: { shell: "page" } },
    { path: "/import", component: () => import("./manage/ImportPage.vue"), meta: { shell: "page" } },
    { path: "/rules", component: () => import("./manage/RulesPage.vue"), meta: { shell: "page" } },
    { path: "/rules/new", component: () => import("./manage/RuleEditor.vue"), meta: { shell: "page" } },
    { path: "/rules/:id", component: () => import("./manage/RuleEditor.vue"), props: true, meta: { shell: "page" } },
    { path: "/people", component: () => import("./manage/PeoplePage.vue"), meta: { shell: "page" } },
    { path: "/access", component: () => import("./manage/AccessPage.vue"), meta: { shell: "page" } },
    { path: "/reports", component: () => import("./manage/ReportsPage.vue"), meta: { shell: "page" } },
    { path: "/records", component: () => import("./manage/RecordsPage.vue"), meta: { shell: "page" } },
    { path: "/a/:token", redirect: "/duty" },
    { path: "/:rest(.*)*", component: () => import("./manage/NoPage.vue"), meta: { shell: "page" } },
  ],
});
