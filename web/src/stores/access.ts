import { reactive, readonly } from 'vue'
import { get, onSignInRequired, post } from '@/api/client'
import type { Access } from '@/api/types'

const state = reactive({ known: false, required: false, signedIn: false })

/** Whether the monitor asks for a password and has been given it. */
export const access = readonly(state)

/** Asks the monitor; leaves everything as it is if there is no answer. */
export async function refreshAccess(): Promise<void> {
  try {
    const answer = await get<Access>('/api/access')
    Object.assign(state, { known: true, required: answer.password_required, signedIn: answer.signed_in })
  } catch {
    // Unreachable: the connection banner says so.
  }
}

export async function signIn(password: string): Promise<void> {
  await post('/api/sign-in', { password })
  await refreshAccess()
}

export async function signOut(): Promise<void> {
  await post('/api/sign-out')
  await refreshAccess()
}

onSignInRequired(() => Object.assign(state, { known: true, required: true, signedIn: false }))
