import { onScopeDispose, ref, watch, type Ref } from 'vue'

/** Whether something that lies over the page is open; a press outside of it and Escape close it. */
export function usePopover(root: Ref<HTMLElement | null>): { open: Ref<boolean>; close: () => void } {
  const open = ref(false)
  const close = () => (open.value = false)

  function pressed(event: Event): void {
    if (!root.value?.contains(event.target as Node)) close()
  }
  function typed(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return
    close()
    root.value?.querySelector('button')?.focus()
  }
  function listen(on: boolean): void {
    const change = on ? addEventListener : removeEventListener
    change('pointerdown', pressed)
    change('keydown', typed as (event: Event) => void)
  }
  watch(open, listen)
  onScopeDispose(() => listen(false))
  return { open, close }
}
