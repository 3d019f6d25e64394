import type { Problem } from './types'

/** A request that failed: problem details from the monitor, or made here if it did not answer. */
export class ApiError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail || problem.title)
    this.name = 'ApiError'
    this.problem = problem
  }

  /** The monitor could not be reached at all. */
  get unreachable(): boolean {
    return this.problem.status === 0
  }
}

export type Parameters = Record<string, string | number | boolean | undefined>

/** The query string of the parameters that are set, in a fixed order, without "?". */
export function queryString(parameters: Parameters): string {
  const query = new URLSearchParams()
  for (const key of Object.keys(parameters).sort()) {
    const value = parameters[key]
    if (value !== undefined && value !== '') query.set(key, String(value))
  }
  return query.toString()
}

type Listener = () => void
const signInListeners = new Set<Listener>()

/** Calls listener whenever a request is refused because nobody is signed in. */
export function onSignInRequired(listener: Listener): () => void {
  signInListeners.add(listener)
  return () => signInListeners.delete(listener)
}

export function get<T>(path: string, query = '', signal?: AbortSignal): Promise<T> {
  return request<T>('GET', query ? `${path}?${query}` : path, undefined, signal)
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  return request<T>('POST', path, body)
}

async function request<T>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { Accept: 'application/json' } }
  if (signal) init.signal = signal
  if (body !== undefined) {
    init.headers = { ...init.headers, 'Content-Type': 'application/json' }
    init.body = JSON.stringify(body)
  }
  const response = await checked(url, init)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

/** Begins to fetch something large, to be read from the answer's body. */
export function download(url: string, signal: AbortSignal, method = 'GET'): Promise<Response> {
  return checked(url, { method, credentials: 'same-origin', signal })
}

async function checked(url: string, init: RequestInit): Promise<Response> {
  const response = await send(url, init)
  if (response.ok) return response
  const problem = await readProblem(response)
  if (response.status === 401) signInListeners.forEach((listener) => listener())
  throw new ApiError(problem)
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError({ type: 'about:blank', title: 'unreachable', status: 0, detail: '', code: 'unreachable' })
  }
}

async function readProblem(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: 'about:blank',
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    detail: '',
    code: 'http_error',
  }
  try {
    const body = (await response.json()) as Partial<Problem>
    return { ...fallback, ...body, status: response.status }
  } catch {
    return fallback
  }
}
