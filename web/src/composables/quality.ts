import type { Session } from '@/api/types'
import type { Format } from './format'

/** What tells how well a session went. Pure: everything it depends on is a parameter. */

const tunnelNames: Record<string, string> = {
  ipip: 'IP in IP', '6in4': '6in4', gre: 'GRE', erspan: 'ERSPAN', vxlan: 'VXLAN', geneve: 'Geneve',
  'gtp-u': 'GTP-U', teredo: 'Teredo', l2tp: 'L2TP', ayiya: 'AYIYA',
}

/** The encapsulations from the outside in: "gtp-u/teredo" is "GTP-U › Teredo". */
export function tunnelName(tunnel: string): string {
  return tunnel.split('/').map((kind) => tunnelNames[kind] ?? kind).join(' › ')
}

/** A share of packets; one that is not nothing is never written as 0 %. */
export function packetShare(part: number, packets: number, format: Format): string {
  if (part === 0 || packets === 0) return ''
  const share = Math.min(1, part / packets)
  if (share < 0.0001) return `<${format.percent(0.0001, 2)}`
  return format.percent(share, share < 0.01 ? 2 : 1)
}

/** A counter of a session, each way, as the names of messages and texts. */
export interface Counter {
  name: string
  received: string
  sent: string
  hint?: string
}

/** The TCP counters that are worth a row: retransmissions always, the others where there are any. */
export function qualityCounters(s: Session, format: Format): Counter[] {
  if (s.protocol !== 'TCP') return []
  const again = (n: number, packets: number) => {
    const share = packetShare(n, packets, format)
    return share ? `${format.integer(n)} · ${share}` : format.integer(n)
  }
  const rows: [name: string, received: number, sent: number, write?: (n: number) => string][] = [
    ['session.retransmittedBytes', s.retransmitted_bytes_received, s.retransmitted_bytes_sent, format.bytes],
    ['session.outOfOrder', s.out_of_order_received, s.out_of_order_sent],
    ['session.zeroWindows', s.zero_windows_received, s.zero_windows_sent],
    ['session.resets', s.resets_received, s.resets_sent],
  ]
  return [
    {
      name: 'session.retransmits',
      received: again(s.retransmits_received, s.wire_packets_received ?? s.packets_received),
      sent: again(s.retransmits_sent, s.wire_packets_sent ?? s.packets_sent),
    },
    ...rows
      .filter(([, received, sent]) => received + sent > 0)
      .map(([name, received, sent, write = format.integer]) => ({
        name,
        received: received ? write(received) : '0',
        sent: sent ? write(sent) : '0',
      })),
  ]
}

/** The packets on the wire, where fewer were captured because the card or the kernel joined them. */
export function wirePackets(s: Session, format: Format): Counter[] {
  if (!s.wire_packets_estimated) return []
  const about = (n: number | undefined) => (n === undefined ? '' : `≈ ${format.integer(n)}`)
  return [
    {
      name: 'session.wirePackets',
      received: about(s.wire_packets_received),
      sent: about(s.wire_packets_sent),
      hint: 'session.wirePacketsHint',
    },
  ]
}
