using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>
/// What objects of one type hold: nothing of a batch, memory of a batch, or other objects to examine. Determined once
/// for a type; safe from any thread.
/// </summary>
internal sealed class ObjectContents
{
    private static readonly ConditionalWeakTable<Type, ObjectContents> ByType = [];   // does not keep types from being unloaded

    private readonly Kind _kind;
    private readonly FieldInfo[] _fields = [];   // of an object: the fields to examine
    private readonly int[] _references = [];     // of an array: offsets of the references in an element
    private readonly int _elementBytes;

    private ObjectContents(Type type)
    {
        Type = type;
        IsUnseen = ObjectParts.IsUnseen(type);
        if (ObjectParts.IsLeaf(type))
        {
            return;
        }

        if (ObjectParts.EndsWithBatch(type))
        {
            _kind = Kind.Text;
        }
        else if (typeof(Delegate).IsAssignableFrom(type))
        {
            _kind = Kind.Delegate;
        }
        else if (type.IsArray)
        {
            Type element = type.GetElementType()!;
            bool isText = ObjectParts.TextIn(element) is not null;
            _references = isText || ObjectParts.IsSurelyFree(element) ? [] : element.IsValueType ? StructReferences.OfElement(type) : [0];
            _elementBytes = StructReferences.SizeOf(element);
            _kind = isText ? Kind.TextArray : _references.Length > 0 ? Kind.Array : Kind.Free;
        }
        else
        {
            _fields = [.. ObjectParts.Fields(type).Where(field => !ObjectParts.IsSurelyFree(field.FieldType))];
            _kind = _fields.Length > 0 ? Kind.Object : Kind.Free;
        }
    }

    private enum Kind
    {
        Free,
        Text,        // free as long as the text is empty
        TextArray,   // the same
        Array,
        Object,      // also a boxed struct
        Delegate,
    }

    public Type Type { get; }

    /// <summary>Whether objects of the type hold nothing of a batch, whatever their content.</summary>
    public bool IsFree => _kind == Kind.Free && !IsUnseen;

    /// <summary>Whether this is unknown, because the program was compiled ahead of time.</summary>
    public bool IsUnseen { get; }

    public static ObjectContents Of(object value) => ByType.GetValue(value.GetType(), static type => new ObjectContents(type));

    /// <summary>
    /// Whether an object of the type is a text, a group or a batch, or an array of such. Closures have empty texts in
    /// fields not assigned yet.
    /// </summary>
    public bool IsText(object value) =>
        (_kind == Kind.Text && value is not Utf8Text { IsEmpty: true }) || (_kind == Kind.TextArray && ((Array)value).Length > 0);

    /// <summary>Pushes the objects to which one leads, as far as they must be examined, on a stack.</summary>
    public void AddParts(object value, Stack<object> parts)
    {
        switch (_kind)
        {
            case Kind.Object:
                foreach (FieldInfo field in _fields)
                {
                    Add(field.GetValue(value), parts);
                }

                break;
            case Kind.Array:
                AddElements((Array)value, parts);
                break;
            case Kind.Delegate:
                AddTargets((Delegate)value, parts);
                break;
        }
    }

    /// <summary>The same objects, each with a name, such as that of the field that leads to it.</summary>
    public IEnumerable<(string Name, object Part)> NamedParts(object value)
    {
        if (_kind == Kind.Object)
        {
            return _fields.Select(field => ("." + FieldNames.AsDeclared(field), field.GetValue(value)!))
                .Where(part => part.Item2 is not null);
        }

        var parts = new Stack<object>();
        AddParts(value, parts);
        return parts.Select(part => (_kind == Kind.Array ? "[…]" : ".Target", part));
    }

    private static void Add(object? part, Stack<object> parts)
    {
        if (part is not null && !Of(part).IsFree)
        {
            parts.Push(part);
        }
    }

    private static void AddTargets(Delegate value, Stack<object> parts)
    {
        if (value.HasSingleTarget)
        {
            Add(value.Target, parts);
            return;
        }

        foreach (Delegate each in value.GetInvocationList())
        {
            Add(each.Target, parts);
        }
    }

    // In memory order, whatever the array's rank.
    private void AddElements(Array array, Stack<object> parts)
    {
        ref byte first = ref MemoryMarshal.GetArrayDataReference(array);
        for (int i = 0; i < array.Length; i++)
        {
            foreach (int offset in _references)
            {
                Add(Unsafe.As<byte, object>(ref Unsafe.AddByteOffset(ref first, ((nint)i * _elementBytes) + offset)), parts);
            }
        }
    }
}
