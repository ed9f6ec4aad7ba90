// Package use has what the code of a program does with its variables.
package use

// Use is what code does with a word of the data that has no name. The zero Use says that
// nothing is known.
type Use struct {
	Words string // for lists: "used by main.serve and main.init"
	// First is what the place is called that the functions name, the word or one in front of
	// it, or where the literal begins that it is in: "data+0x3f20". "" is not known.
	First   string
	Literal bool // the word is in a literal, to which another word of the data leads
	// Functions are those whose code names the place: first those that are not the
	// initialisation of a package, among these the ones that name it most often, and then
	// by name. Code that was inlined counts for the function that it was written in.
	Functions []string
}
