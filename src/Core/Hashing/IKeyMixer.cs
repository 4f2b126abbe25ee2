using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Mixes the words of a key into a hash. Implemented by structs, so that the compiler specialises the code for each.
/// </summary>
internal interface IKeyMixer
{
    /// <summary>Mixes two words into 32 bits.</summary>
    uint Fold(ulong low, ulong high);

    /// <summary>Mixes two words into 64 bits, for longer data.</summary>
    ulong Mix(ulong low, ulong high);

    /// <summary>A word for a string; equal for equal ones.</summary>
    ulong OfString(string text);
}

/// <summary>Mixes with the secret of the process: for tables.</summary>
internal readonly struct ProcessSecret : IKeyMixer
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Fold(ulong low, ulong high) => WordHash.Fold(low, high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Mix(ulong low, ulong high) => WordHash.Mix(low, high);

    public ulong OfString(string text) => (uint)text.GetHashCode(StringComparison.Ordinal);   // .NET keys it too
}
