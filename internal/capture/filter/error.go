package filter

import "fmt"

// Error says what in an expression is wrong, where, and what would be right.
type Error struct {
	// Offset is where in the expression the fault begins, in bytes; the expression's
	// length if it ends too early.
	Offset int
	// Found is the text at fault; empty at the expression's end.
	Found string
	// Reason names the fault.
	Reason string
	// Remedy says what is expected or allowed instead.
	Remedy string
}

func (e *Error) Error() string {
	found := "the end"
	if e.Found != "" {
		found = fmt.Sprintf("%q", e.Found)
	}
	return fmt.Sprintf("filter expression, byte %d, at %s: %s; %s", e.Offset, found, e.Reason, e.Remedy)
}

// faultAt is an error about a token.
func faultAt(t token, reason, remedy string) *Error {
	return &Error{Offset: t.offset, Found: t.text, Reason: reason, Remedy: remedy}
}

// within completes an error that is about a whole expression.
func (e *Error) within(expr string) *Error {
	if e.Offset == 0 && e.Found == "" {
		e.Found = expr
	}
	return e
}
