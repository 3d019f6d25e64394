import { reactive, readonly } from 'vue'

export interface Toast {
  id: number
  level: 'info' | 'error'
  text: string
}

const list = reactive<Toast[]>([])
let next = 1

export const toasts = readonly(list)

/** Shows a short message; errors stay until they are closed, at most four at once. */
export function toast(level: Toast['level'], text: string): void {
  const id = next++
  list.push({ id, level, text })
  if (list.length > 4) list.shift()
  if (level === 'info') setTimeout(() => closeToast(id), 5000)
}

export function closeToast(id: number): void {
  const at = list.findIndex((entry) => entry.id === id)
  if (at >= 0) list.splice(at, 1)
}
