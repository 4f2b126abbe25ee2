using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace FastStream.Runtime;

/// <summary>
/// What the partition hash of a job is keyed with. Equal salts give equal hashes in every process, on every machine and
/// in every version: they are in checkpoints.
/// </summary>
/// <remarks>
/// The same three rounds of AES as in <see cref="KeyHash"/>, which has secrets of the process instead. The order of the
/// instructions differs between processors; here each gives the same bits, and <see cref="AesRound"/> gives them where
/// there is no such instruction. Words are read in little-endian order.
/// </remarks>
internal readonly struct KeySalt : IEquatable<KeySalt>, IKeyMixer
{
    /// <summary>Number of the hash that a salt gives: another one wherever a key gets another hash.</summary>
    public const int HashVersion = 1;

    private const int Length = 16;   // bytes

    private static readonly KeySalt OfProcess = new(RandomNumberGenerator.GetBytes(Length));

    private readonly Vector128<byte> _first;    // the salt itself; odd in its first word, which multiplications need
    private readonly Vector128<byte> _second;
    private readonly Vector128<byte> _third;

    /// <param name="bytes">16 bytes.</param>
    public KeySalt(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hashed = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hashed);
        _first = MemoryMarshal.Read<Vector128<byte>>(bytes);
        _second = MemoryMarshal.Read<Vector128<byte>>(hashed);
        _third = MemoryMarshal.Read<Vector128<byte>>(hashed[Length..]);
    }

    /// <summary>
    /// The one that options give, or the process's, which nobody can guess: contexts of one process give equal input in
    /// equal order.
    /// </summary>
    public static KeySalt Of(StreamingOptions options) =>
        options.KeySalt is { } text ? new KeySalt(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, Length)) : OfProcess;

    /// <summary>Reads what <see cref="ToString"/> gives.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static KeySalt Parse(string text) => Convert.FromHexString(text) is { Length: Length } bytes
        ? new KeySalt(bytes)
        : throw new FormatException($"A salt of {text.Length} digits was found; {2 * Length} are expected.");

    /// <summary>Mixes two words into 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Fold(ulong low, ulong high) => Fold(Vector128.Create(low, high).AsByte());

    /// <summary>Mixes sixteen bytes into 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Fold(Vector128<byte> words)
    {
        if (X86Aes.IsSupported)
        {
            return X86Aes.Encrypt(X86Aes.Encrypt(X86Aes.Encrypt(words ^ _first, _second), _third), _first).AsUInt32().ToScalar();
        }

        if (ArmAes.IsSupported)
        {
            // This instruction mixes the key in first, and the next one does the rest of the round.
            Vector128<byte> once = ArmAes.MixColumns(ArmAes.Encrypt(words, _first));
            Vector128<byte> twice = ArmAes.MixColumns(ArmAes.Encrypt(once, _second));
            return (ArmAes.MixColumns(ArmAes.Encrypt(twice, _third)) ^ _first).AsUInt32().ToScalar();
        }

        return FoldWithoutInstructions(words);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Mix(ulong low, ulong high)
    {
        ulong upper = Math.BigMul(low ^ _first.AsUInt64().ToScalar(), high ^ _second.AsUInt64().ToScalar(), out ulong lower);
        return upper ^ lower;
    }

    /// <inheritdoc/>
    public ulong OfString(string text)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(text.AsSpan());
        ulong hash = (uint)bytes.Length;
        for (; bytes.Length >= 16; bytes = bytes[16..])
        {
            hash = Mix(MemoryMarshal.Read<ulong>(bytes) ^ hash, MemoryMarshal.Read<ulong>(bytes[8..]));
        }

        Span<ulong> rest = stackalloc ulong[2];
        rest.Clear();
        bytes.CopyTo(MemoryMarshal.AsBytes(rest));
        return Mix(rest[0] ^ hash, rest[1]);
    }

    /// <summary>What <see cref="Fold(Vector128{byte})"/> gives, where the processor has no AES.</summary>
    public uint FoldWithoutInstructions(Vector128<byte> words)
    {
        Vector128<byte> once = AesRound.Of(words ^ _first) ^ _second;
        return (AesRound.Of(AesRound.Of(once) ^ _third) ^ _first).AsUInt32().ToScalar();
    }

    public bool Equals(KeySalt other) => _first == other._first;

    public override bool Equals(object? obj) => obj is KeySalt other && Equals(other);

    public override int GetHashCode() => _first.GetHashCode();

    /// <summary>The salt, in hexadecimal digits. A secret where keys come from strangers.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        _first.CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
