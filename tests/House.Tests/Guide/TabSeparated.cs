using System.Buffers;
using System.Text;

namespace FastStream.Tests.House.Guide;

public sealed class TabSeparated<T>(params Func<T, object?>[] columns) : IOutputFormat<T>
{
    public string Extension => "tsv";

    public void WriteStart(IBufferWriter<byte> output)
    {
    }

    public void Write(IBufferWriter<byte> output, in T record)
    {
        T each = record;
        Encoding.UTF8.GetBytes(string.Join('\t', columns.Select(column => column(each))) + "\n", output);
    }
}
