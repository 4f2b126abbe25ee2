using System.Buffers;

namespace FastStream;

/// <summary>How records lie in an output file.</summary>
/// <remarks>
/// One format serves all files of all batches, several at the same time: it keeps nothing between calls, or nothing
/// that is not safe from any thread.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IOutputFormat<T>
{
    /// <summary>The usual file name extension, without a dot, such as <c>csv</c>: the suffix of directories where none is given.</summary>
    string Extension { get; }

    /// <summary>Writes what stands before the first record of a file, such as column names; by itself nothing.</summary>
    void WriteStart(IBufferWriter<byte> output)
    {
    }

    /// <summary>Writes one record, with the line end or other mark that separates it from the next.</summary>
    void Write(IBufferWriter<byte> output, in T record);
}
