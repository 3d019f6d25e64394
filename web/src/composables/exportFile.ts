/** Where an export goes: straight into a file, or into memory where a browser can't write files. */
export interface Target {
  kind: 'file' | 'memory'
  name: string
  write(part: Uint8Array<ArrayBuffer>): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

interface Writable {
  write(part: Uint8Array<ArrayBuffer>): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

interface FilePicker {
  showSaveFilePicker?: (options: object) => Promise<{ name: string; createWritable(): Promise<Writable> }>
}

const types = { csv: 'text/csv', jsonl: 'application/x-ndjson', db: 'application/vnd.sqlite3' } as const

/** Asks where to. Null: the viewer changed their mind. */
export async function openTarget(name: string, format: keyof typeof types): Promise<Target | null> {
  const { showSaveFilePicker: pick } = globalThis as FilePicker
  if (!pick) return inMemory(name, types[format])
  try {
    const handle = await pick({ suggestedName: name, types: [{ accept: { [types[format]]: [`.${format}`] } }] })
    const file = await handle.createWritable()
    return { kind: 'file', name: handle.name, write: (part) => file.write(part), close: () => file.close(), abort: () => file.abort() }
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') return null
    // Files can't be written here after all, as in a frame or by policy.
    return inMemory(name, types[format])
  }
}

/** Parts are joined to blobs now and then, which a browser may keep on disk. */
const joined = 8 << 20

function inMemory(name: string, type: string): Target {
  let blobs: Blob[] = []
  let parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const join = () => {
    blobs.push(new Blob(parts, { type }))
    parts = []
    size = 0
  }
  return {
    kind: 'memory',
    name,
    write: (part) => {
      parts.push(part)
      size += part.length
      if (size >= joined) join()
      return Promise.resolve()
    },
    close: () => {
      join()
      save(new Blob(blobs, { type }), name)
      return Promise.resolve()
    },
    abort: () => {
      blobs = []
      parts = []
      return Promise.resolve()
    },
  }
}

/** Hands a file over to the browser's downloads. */
function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // The browser reads the address only after this turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
