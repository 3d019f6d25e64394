// Package data holds the geographic data inside the binary. See NOTICE.md for where it is from.
package data

import _ "embed"

// Country is a MaxMind DB file of countries by address, IPv4 and IPv6, with the
// one field country_code. It is mapped with the binary: what is not looked up is
// not in memory.
//
//go:embed country.mmdb
var Country []byte
