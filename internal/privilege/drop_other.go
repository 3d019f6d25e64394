//go:build !linux

package privilege

// Held is what this process may do now.
func Held() (Set, error) { return 0, ErrUnsupported }

// Possible says why this process can't become the user.
func Possible(User) error { return ErrUnsupported }

// Drop does nothing: capabilities are a facility of Linux.
func Drop(*User, Set) (Set, error) { return 0, nil }

// MakeFolder fails.
func MakeFolder(string, User) error { return ErrUnsupported }
