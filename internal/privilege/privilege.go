// Package privilege takes from the process what it no longer needs: the user it was
// started as, and every capability but those it is told to keep.
package privilege

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os/user"
	"strconv"
	"strings"
)

// Set is a set of capabilities, bit by bit as in include/uapi/linux/capability.h.
type Set uint64

// The capabilities that are spoken of by name.
const (
	SetGID  Set = 1 << 6
	SetUID  Set = 1 << 7
	SetPCap Set = 1 << 8
	NetRaw  Set = 1 << 13
)

// Has tells whether all of the other set are in this one.
func (s Set) Has(other Set) bool { return s&other == other }

// String lists the capabilities as setcap(8) does; those that have no name here are
// given by their number.
func (s Set) String() string {
	if s == 0 {
		return "none"
	}
	known := map[Set]string{SetGID: "cap_setgid", SetUID: "cap_setuid", SetPCap: "cap_setpcap", NetRaw: "cap_net_raw"}
	var names []string
	for rest := s; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		name, ok := known[bit]
		if !ok {
			name = strconv.Itoa(bits.TrailingZeros64(uint64(bit)))
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

// What the errors of this package wrap.
var (
	ErrUnsupported = errors.New("privileges can't be dropped by this build")
	ErrUnknownUser = errors.New("no such user")
	ErrNotPossible = errors.New("this process may not become another user")
)

// User is somebody the process can become.
type User struct {
	Name     string // empty for a number that no name stands for
	UID, GID int
	Groups   []int // supplementary ones
}

// String is the name, else the number: what chown(1) takes.
func (u User) String() string {
	if u.Name == "" {
		return strconv.Itoa(u.UID)
	}
	return u.Name
}

// Lookup finds a user by name or number. A number needs no name; its group is the
// one with the same number.
func Lookup(text string) (User, error) {
	entry, err := user.Lookup(text)
	if err == nil {
		return fromEntry(entry)
	}
	if uid, isNumber := parseID(text); isNumber {
		return ByID(uid)
	}
	return User{}, fmt.Errorf("%w: %q", ErrUnknownUser, text)
}

// ByID finds a user by number, as Lookup does.
func ByID(uid int) (User, error) {
	entry, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return User{UID: uid, GID: uid}, nil //nolint:nilerr // it has no name, which is no fault
	}
	return fromEntry(entry)
}

func fromEntry(entry *user.User) (User, error) {
	u := User{Name: entry.Username}
	var okUser, okGroup bool
	u.UID, okUser = parseID(entry.Uid)
	u.GID, okGroup = parseID(entry.Gid)
	if !okUser || !okGroup {
		return User{}, fmt.Errorf("user %s has the numbers %q and %q", u.Name, entry.Uid, entry.Gid)
	}
	groups, err := entry.GroupIds()
	if err != nil {
		return User{}, fmt.Errorf("groups of user %s: %w", u.Name, err)
	}
	for _, text := range groups {
		if gid, ok := parseID(text); ok && gid != u.GID {
			u.Groups = append(u.Groups, gid)
		}
	}
	return u, nil
}

// parseID refuses the highest number too: to the kernel it means "unchanged".
func parseID(text string) (int, bool) {
	id, err := strconv.ParseUint(text, 10, 32)
	return int(id), err == nil && id != math.MaxUint32
}
