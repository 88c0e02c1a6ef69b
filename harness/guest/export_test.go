package guest

// SetConsoleBounds makes the bounds of consoles small, until the returned function is called.
func SetConsoleBounds(head, tail, slack int64) (back func()) {
	was := consoleBounds
	consoleBounds = logBounds{head, tail, slack}
	return func() { consoleBounds = was }
}
