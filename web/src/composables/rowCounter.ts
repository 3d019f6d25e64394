const newline = 10
const quote = 34

/** Counts the rows of a text that comes in parts. In CSV a line break within quotes ends no row, and the first row is the header. */
export class RowCounter {
  private lines = 0
  private quoted = false
  private readonly csv: boolean

  constructor(csv: boolean) {
    this.csv = csv
  }

  add(part: Uint8Array): void {
    for (const byte of part) {
      if (byte === quote && this.csv) this.quoted = !this.quoted
      else if (byte === newline && !this.quoted) this.lines++
    }
  }

  get rows(): number {
    return this.csv ? Math.max(0, this.lines - 1) : this.lines
  }
}
