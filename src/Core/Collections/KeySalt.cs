using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace FastStream.Runtime;

/// <summary>
/// The salt of a job's partition hash, which determines the partition that owns a key. Equal salts give equal hashes in
/// every process, on every machine and in every version: checkpoints contain them.
/// </summary>
/// <remarks>
/// From <see cref="StreamingOptions.KeySalt"/>, from the job's checkpoint, or drawn by the process. It uses the same
/// three rounds of AES as the hash of tables, which has secrets of the process instead. The order of AES steps in an
/// instruction differs between processors; here each gives the same bits, as does a plain loop where there is no such
/// instruction. Words are read in little-endian order.
/// </remarks>
public readonly struct KeySalt : IEquatable<KeySalt>, IKeyMixer
{
    /// <summary>Version of the hash: it changes whenever any key gets another hash.</summary>
    internal const int HashVersion = 1;

    private const int Length = 16;   // bytes

    private static readonly KeySalt OfProcess = new(RandomNumberGenerator.GetBytes(Length));

    private readonly Vector128<byte> _first;    // the salt itself; odd in its first word, as the multiplications require
    private readonly Vector128<byte> _second;
    private readonly Vector128<byte> _third;

    /// <param name="bytes">16 bytes.</param>
    internal KeySalt(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hashed = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hashed);
        _first = MemoryMarshal.Read<Vector128<byte>>(bytes);
        _second = MemoryMarshal.Read<Vector128<byte>>(hashed);
        _third = MemoryMarshal.Read<Vector128<byte>>(hashed[Length..]);
    }

    /// <summary>
    /// The salt of the options, or else that of the process, which nobody can guess. As the contexts of one process
    /// share it, they give equal input in equal order.
    /// </summary>
    internal static KeySalt Of(StreamingOptions options) =>
        options.KeySalt is { } text ? new KeySalt(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, Length)) : OfProcess;

    /// <summary>Parses the result of <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    internal static KeySalt Parse(string text) => Convert.FromHexString(text) is { Length: Length } bytes
        ? new KeySalt(bytes)
        : throw new FormatException($"A salt of {text.Length} digits was found; {2 * Length} are expected.");

    /// <summary>Mixes two words into 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    uint IKeyMixer.Fold(ulong low, ulong high) => Fold(Vector128.Create(low, high).AsByte());

    /// <summary>Mixes sixteen bytes into 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Fold(Vector128<byte> words)
    {
        if (X86Aes.IsSupported)
        {
            return X86Aes.Encrypt(X86Aes.Encrypt(X86Aes.Encrypt(words ^ _first, _second), _third), _first).AsUInt32().ToScalar();
        }

        if (ArmAes.IsSupported)
        {
            // This instruction mixes in the key first; the next one does the rest of the round.
            Vector128<byte> once = ArmAes.MixColumns(ArmAes.Encrypt(words, _first));
            Vector128<byte> twice = ArmAes.MixColumns(ArmAes.Encrypt(once, _second));
            return (ArmAes.MixColumns(ArmAes.Encrypt(twice, _third)) ^ _first).AsUInt32().ToScalar();
        }

        return FoldWithoutInstructions(words);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    ulong IKeyMixer.Mix(ulong low, ulong high) => Mix(low, high);

    ulong IKeyMixer.OfString(string text)
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Mix(ulong low, ulong high)
    {
        ulong upper = Math.BigMul(low ^ _first.AsUInt64().ToScalar(), high ^ _second.AsUInt64().ToScalar(), out ulong lower);
        return upper ^ lower;
    }

    /// <summary>The result of <see cref="Fold(Vector128{byte})"/>, for processors without AES instructions.</summary>
    internal uint FoldWithoutInstructions(Vector128<byte> words)
    {
        Vector128<byte> once = AesRound.Of(words ^ _first) ^ _second;
        return (AesRound.Of(AesRound.Of(once) ^ _third) ^ _first).AsUInt32().ToScalar();
    }

    /// <summary>
    /// Whether every process with the same salt finds the same partition for equal keys of a type: true for numbers of
    /// 32 and 64 bits, texts, strings, and structs of these. Other keys are hashed by their own <c>GetHashCode</c>,
    /// which may differ in another process.
    /// </summary>
    public static bool IsStable<TKey>() => PartitionHash.IsStable<TKey>();

    /// <summary>The partition that owns a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="partitions">Number of partitions, at least 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int PartitionOf<TKey>(in TKey key, int partitions) => KeyGroups.PartitionOf(PartitionHash.Of(in key, in this), partitions);

    /// <summary>
    /// The group of a key, from 0 to 1,023, independent of the number of partitions. A partition owns a range of
    /// groups.
    /// </summary>
    public int GroupOf<TKey>(in TKey key) => KeyGroups.PartitionOf(PartitionHash.Of(in key, in this), KeyGroups.Count);

    /// <inheritdoc/>
    public bool Equals(KeySalt other) => _first == other._first;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KeySalt other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _first.GetHashCode();

    /// <summary>The salt, in hexadecimal digits. Keep it secret if keys come from strangers.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        _first.CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Whether two salts are the same.</summary>
    public static bool operator ==(KeySalt left, KeySalt right) => left.Equals(right);

    /// <summary>Whether two salts differ.</summary>
    public static bool operator !=(KeySalt left, KeySalt right) => !left.Equals(right);
}
