// A digit chooses in the first group of a form that has no choice yet, else in the last: as the groups' own marks say.
import { type Ref, onBeforeUnmount, onMounted } from "vue";

export function chooseByDigit(form: Ref<HTMLFormElement | undefined>): void {
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
