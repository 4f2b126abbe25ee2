using System.Buffers;

namespace FastStream;

/// <summary>How records are written to an output file.</summary>
/// <remarks>
/// One format serves all files of all batches, several at the same time: what it keeps between calls, if anything, must
/// be safe from any thread.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IOutputFormat<T>
{
    /// <summary>
    /// The usual file name extension, without a dot, such as <c>csv</c>: the suffix of directories if none is given.
    /// </summary>
    string Extension { get; }

    /// <summary>Writes what precedes the first record of a file, such as column names; by default nothing.</summary>
    void WriteStart(IBufferWriter<byte> output)
    {
    }

    /// <summary>Writes one record, with the line end or other mark that separates it from the next.</summary>
    void Write(IBufferWriter<byte> output, in T record);
}
