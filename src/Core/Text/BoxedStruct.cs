using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>Gives access to the bytes of a boxed struct: test values in them show where its fields are.</summary>
internal sealed class BoxedStruct
{
    private byte _first;

    private BoxedStruct()
    {
    }

    /// <summary>The first byte of a boxed struct.</summary>
    public static ref byte First(object box) => ref Unsafe.As<BoxedStruct>(box)._first;
}
