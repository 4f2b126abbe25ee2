using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// A fixed-size piece of pooled memory for received bytes, shared by reference count: the receiver that fills it and
/// every batch that reads from it hold it.
/// </summary>
/// <remarks>
/// The array is on the pinned heap, so that a <see cref="Utf8Text"/> can be an address and a length, and ends with
/// <see cref="PaddingBytes"/> more bytes than it offers, so that wide loads past the last record stay inside it.
/// <para><see cref="Retain"/> and <see cref="Release"/> are safe from any thread.</para>
/// </remarks>
[DebuggerDisplay("block of {Length} bytes, {Holders} holders")]
public sealed unsafe class Block
{
    /// <summary>Readable bytes past the block's end: 64, the widest vector load.</summary>
    public const int PaddingBytes = 64;

    private readonly BlockPool _pool;   // the block returns here after the last release
    private readonly byte[] _array;     // pinned; Length + PaddingBytes bytes
    private int _holders;               // 0 while in the pool

    internal Block(BlockPool pool, int length)
    {
        _pool = pool;
        Length = length;
        _array = GC.AllocateArray<byte>(length + PaddingBytes, pinned: true);
        Address = (byte*)Unsafe.AsPointer(ref _array[0]);
    }

    /// <summary>Bytes that may be filled.</summary>
    public int Length { get; }

    /// <summary>The block's bytes, to be filled.</summary>
    public Memory<byte> Memory => _array.AsMemory(0, Length);

    /// <summary>The block's bytes.</summary>
    public Span<byte> Span => _array.AsSpan(0, Length);

    /// <summary>The address of the bytes; fixed while the block lives.</summary>
    internal byte* Address { get; }

    /// <summary>Number of current holders.</summary>
    public int Holders => Volatile.Read(ref _holders);

    /// <summary>Adds a holder. The caller must already hold the block.</summary>
    public void Retain()
    {
        if (Interlocked.Increment(ref _holders) <= 1)
        {
            throw new InvalidOperationException(
                "A block was retained by somebody who did not hold it. Retain before the last holder releases.");
        }
    }

    /// <summary>Removes a holder; the last one returns the block to its pool.</summary>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _holders);
        if (left == 0)
        {
            _pool.Return(this);
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("A block was released more often than it was held.");
        }
    }

    /// <summary>The bound that counts the block while it is rented.</summary>
    internal BlockBound Bound { get; set; }

    internal void MarkRented(BlockBound bound)
    {
        Bound = bound;
        Volatile.Write(ref _holders, 1);
    }

    /// <summary>
    /// Returns the memory of a block that will not be rented again to the system, where the system takes pages back;
    /// the collector frees the rest.
    /// </summary>
    /// <remarks>Code that still reads the block by mistake reads zeros.</remarks>
    internal void Discard()
    {
        if (OperatingSystem.IsLinux())
        {
            nuint page = (nuint)Environment.SystemPageSize;
            nuint first = ((nuint)Address + page - 1) & ~(page - 1);
            nuint end = ((nuint)Address + (nuint)Length) & ~(page - 1);
            if (first < end)
            {
                // Only advice: where the kernel refuses, the next collection frees the memory.
                _ = LinuxMemory.Advise((byte*)first, end - first, LinuxMemory.NotNeeded);
            }
        }
    }

    internal void Poison() => _array.AsSpan().Fill(BlockPool.PoisonByte);
}
