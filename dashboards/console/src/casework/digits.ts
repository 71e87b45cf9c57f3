// Digits choose in a dialog: in the first group that has no choice yet, else in the last.
import { onBeforeUnmount, onMounted, type Ref } from "vue";

export function useDigits(form: Ref<HTMLFormElement | undefined>): void {
  function digit(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (!/^[1-9]$/.test(event.key) || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "checkbox")) return;
    const groups = [...(form.value?.querySelectorAll("fieldset") ?? [])];
    const group = groups.find((each) => !each.querySelector(":checked")) ?? groups[groups.length - 1];
    const picked = group?.querySelectorAll("input")[Number(event.key) - 1];
    if (!picked) return;
    event.preventDefault();
    picked.click();
    picked.focus();
  }
  onMounted(() => addEventListener("keydown", digit));
  onBeforeUnmount(() => removeEventListener("keydown", digit));
}
