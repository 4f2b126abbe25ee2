using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>The bytes of a struct in a box, from the first on: where its fields lie is found by what is put there.</summary>
internal sealed class BoxedStruct
{
    private byte _first;

    private BoxedStruct()
    {
    }

    /// <summary>The first byte of a struct in a box.</summary>
    public static ref byte First(object box) => ref Unsafe.As<BoxedStruct>(box)._first;
}
