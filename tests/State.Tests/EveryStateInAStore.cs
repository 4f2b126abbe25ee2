using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.State;

/// <summary>Lets every context of this project keep its states in FASTER, with tables that have room for three keys.</summary>
internal static class EveryStateInAStore
{
    private static readonly TemporaryDirectory s_directory = new();
    private static readonly RecordSerializers s_serializers = MakeSerializers();

    private static RecordSerializers MakeSerializers()
    {
        var serializers = new RecordSerializers();
        serializers.Add(new ObjectsOfThisProcess<object>());
        return serializers;
    }

    [ModuleInitializer]
    internal static void Begin()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => s_directory.Dispose();
        var store = new FasterStateStore { SegmentBytes = 1 << 20 };
        StateOptions.ForTests = () => new StateOptions
        {
            Store = store,
            MemoryBytes = 1 << 20,
            MostKeys = 3,
            Serializers = s_serializers,
            MakeDirectory = () => Path.Combine(s_directory.Path, Guid.NewGuid().ToString("N")),
        };
    }
}

/// <summary>Writes a number for each object, and gives the object back for it: for records of any type, in one process.</summary>
internal sealed class ObjectsOfThisProcess<T> : IRecordSerializer<T>
{
    private readonly Dictionary<object, int> _numbers = [];   // guards itself and the other
    private readonly List<object> _objects = [];

    public string Schema => "object";

    public void Write(in T record, IBufferWriter<byte> output)
    {
        int number = -1;
        lock (_numbers)
        {
            if (record is not null && !_numbers.TryGetValue(record, out number))
            {
                number = _objects.Count;
                _objects.Add(record);
                _numbers.Add(record, number);
            }
        }

        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), number);
        output.Advance(4);
    }

    public T Read(ref ReadOnlySpan<byte> bytes)
    {
        int number = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bytes = bytes[4..];
        lock (_numbers)
        {
            return number < 0 ? default! : (T)_objects[number];
        }
    }
}
