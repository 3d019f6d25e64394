package pcapfile_test

import "encoding/binary"

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }

func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// fileHeader is that of a little-endian pcap in microseconds.
func fileHeader(linkType uint32) []byte {
	return join(le32(0xa1b2c3d4), le16(2), le16(4), le32(0), le32(0), le32(262144), le32(linkType))
}
