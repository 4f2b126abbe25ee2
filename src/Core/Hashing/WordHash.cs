using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace FastStream.Runtime;

/// <summary>Mixes words into hashes, with secrets of the process.</summary>
/// <remarks>
/// Sixteen bytes go through three rounds of AES, which the processor has as single instructions (the idea of aHash,
/// https://github.com/tkaitchuck/aHash). After two rounds each bit depends on every byte, but the 32 bits taken see
/// each four bytes of a key only through 8 bits: 65,536 keys that differ in bytes 3 and 4 had 256 hashes. After three
/// rounds they have as many as they should. Where the instructions are missing, the words are multiplied and folded as
/// in wyhash (https://github.com/wangyi-fudan/wyhash).
/// </remarks>
internal static class WordHash
{
    private static readonly Vector128<byte> Secret1 = NewSecret();
    private static readonly Vector128<byte> Secret2 = NewSecret();
    private static readonly Vector128<byte> Secret3 = NewSecret();

    /// <summary>Mixes two words into 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Fold(ulong low, ulong high) => Fold(Vector128.Create(low, high).AsByte());

    /// <summary>Mixes sixteen bytes into 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Fold(Vector128<byte> words)
    {
        if (X86Aes.IsSupported)
        {
            return X86Aes.Encrypt(X86Aes.Encrypt(X86Aes.Encrypt(words ^ Secret1, Secret2), Secret3), Secret1).AsUInt32().ToScalar();
        }

        if (ArmAes.IsSupported)
        {
            Vector128<byte> once = ArmAes.MixColumns(ArmAes.Encrypt(words, Secret1));
            Vector128<byte> twice = ArmAes.MixColumns(ArmAes.Encrypt(once, Secret2));
            return ArmAes.MixColumns(ArmAes.Encrypt(twice, Secret3)).AsUInt32().ToScalar();
        }

        return FoldByMultiplying(words.AsUInt64().ToScalar(), words.AsUInt64().GetElement(1));
    }

    /// <summary>Mixes two words into 64 bits, for hashes of longer data.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong low, ulong high)
    {
        ulong upper = Math.BigMul(low ^ Word(Secret1), high ^ Word(Secret2), out ulong lower);
        return upper ^ lower;
    }

    /// <summary>Replaces <see cref="Fold(ulong, ulong)"/> where the processor has no AES instructions.</summary>
    /// <remarks>
    /// It uses four plain multiplications instead of double-width ones, whose upper half .NET returns through memory.
    /// With three, keys in large steps fill partitions unevenly under one secret in a hundred.
    /// </remarks>
    public static uint FoldByMultiplying(ulong low, ulong high)
    {
        ulong mixed = ((low ^ Word(Secret1)) * Word(Secret2)) ^ BitOperations.RotateLeft((high ^ Word(Secret2)) * Word(Secret1), 32);
        mixed = (mixed ^ (mixed >> 32)) * Word(Secret3);
        return (uint)(((mixed ^ (mixed >> 29)) * Word(Secret2)) >> 32);
    }

    private static ulong Word(Vector128<byte> secret) => secret.AsUInt64().ToScalar();

    // Odd in its first word, as the multiplications require.
    private static Vector128<byte> NewSecret()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[0] |= 1;
        return MemoryMarshal.Read<Vector128<byte>>(bytes);
    }
}
