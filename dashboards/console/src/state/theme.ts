// Light or dark: as chosen here, else as the machine prefers.
import { ref } from "vue";

export type Theme = "light" | "dark";
const KEY = "shouwang.theme";

const kept = localStorage.getItem(KEY);
export const theme = ref<Theme>(kept === "light" || kept === "dark" ? kept : matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
document.documentElement.dataset.theme = theme.value;

export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
  document.documentElement.dataset.theme = next;
}
