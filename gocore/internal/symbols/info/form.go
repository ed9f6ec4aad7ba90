package info

// Tag is a DWARF tag (DWARF 5, section 7.5.3, table 7.3).
type Tag uint16

// The tags that a Go program's description is read from.
const (
	TagArray             Tag = 0x01
	TagFormalParameter   Tag = 0x05
	TagLexicalBlock      Tag = 0x0b
	TagMember            Tag = 0x0d
	TagPointer           Tag = 0x0f
	TagCompileUnit       Tag = 0x11
	TagStruct            Tag = 0x13
	TagSubroutine        Tag = 0x15
	TagTypedef           Tag = 0x16
	TagUnion             Tag = 0x17
	TagInlinedSubroutine Tag = 0x1d
	TagSubrange          Tag = 0x21
	TagBase              Tag = 0x24
	TagConstant          Tag = 0x27
	TagSubprogram        Tag = 0x2e
	TagVariable          Tag = 0x34
)

// LangGo is DW_LANG_Go.
const LangGo = 0x16

// Attributes (DWARF 5, section 7.5.4, table 7.5); those of Go are from
// cmd/internal/dwarf/dwarf.go of Go 1.26.
const (
	atLocation       = 0x02
	atName           = 0x03
	atByteSize       = 0x0b
	atLowpc          = 0x11
	atHighpc         = 0x12
	atLanguage       = 0x13
	atConstValue     = 0x1c
	atInline         = 0x20
	atUpperBound     = 0x2f
	atAbstractOrigin = 0x31
	atCount          = 0x37
	atDataMemberLoc  = 0x38
	atDeclLine       = 0x3b
	atDeclaration    = 0x3c
	atFrameBase      = 0x40
	atType           = 0x49
	atVarParam       = 0x4b
	atRanges         = 0x55
	atCallLine       = 0x59
	atStrOffsetsBase = 0x72
	atAddrBase       = 0x73
	atRnglistsBase   = 0x74
	atLoclistsBase   = 0x8c
	atGoKind         = 0x2900
	atGoKey          = 0x2901
	atGoElem         = 0x2902
	atGoEmbedded     = 0x2903
	atGoRuntimeType  = 0x2904
	atGoPackageName  = 0x2905
	atGoDictIndex    = 0x2906
	atGoClosureOff   = 0x2907
)

// Forms (DWARF 5, section 7.5.6).
const (
	formAddr          = 0x01
	formBlock2        = 0x03
	formBlock4        = 0x04
	formData2         = 0x05
	formData4         = 0x06
	formData8         = 0x07
	formString        = 0x08
	formBlock         = 0x09
	formBlock1        = 0x0a
	formData1         = 0x0b
	formFlag          = 0x0c
	formSdata         = 0x0d
	formStrp          = 0x0e
	formUdata         = 0x0f
	formRefAddr       = 0x10
	formRef1          = 0x11
	formRef2          = 0x12
	formRef4          = 0x13
	formRef8          = 0x14
	formRefUdata      = 0x15
	formIndirect      = 0x16
	formSecOffset     = 0x17
	formExprloc       = 0x18
	formFlagPresent   = 0x19
	formStrx          = 0x1a
	formAddrx         = 0x1b
	formRefSup4       = 0x1c
	formStrpSup       = 0x1d
	formData16        = 0x1e
	formLineStrp      = 0x1f
	formRefSig8       = 0x20
	formImplicitConst = 0x21
	formLoclistx      = 0x22
	formRnglistx      = 0x23
	formRefSup8       = 0x24
	formStrx1         = 0x25
	formStrx2         = 0x26
	formStrx3         = 0x27
	formStrx4         = 0x28
	formAddrx1        = 0x29
	formAddrx2        = 0x2a
	formAddrx3        = 0x2b
	formAddrx4        = 0x2c
)
